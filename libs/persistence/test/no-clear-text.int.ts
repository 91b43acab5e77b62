import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import {
  AggregateRepository,
  OutboxSignal,
  SealedColumns,
  streamIdOf,
  type AggregateType,
  type DomainEvent,
} from '@oubliette/event-sourcing';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { requestedErasure } from '@oubliette/privacy/testing';
import { createEventCodec, createJsonFormat, isErased, type Erasable } from '@oubliette/serde';
import { columnTypes, insertRows, toBytes, TypeOrmErasureStore, TypeOrmEventStore } from '../src/index.js';
import { openEmbeddedForTest } from './support/embedded.js';

type Registered = DomainEvent<'registered', { userId: Erasable<string>; email: Erasable<string> }>;
const student: AggregateType<{ email: Erasable<string> | null }, Registered> = {
  name: 'student',
  specs: {
    registered: { stream: 'students', type: 'registered', userIdPath: 'userId', personalPaths: ['email'] },
  },
  initial: { email: null },
  evolve: (_, event) => ({ email: event.data.email }),
  topic: 'com.example.students',
};

const userId = 'student-number-4711-0815';
const email = 'someone.personal@example.org';

it('no file of the embedded database holds a user id or a personal value, before forgetting or after', async () => {
  const { database, clock, file, close } = await openEmbeddedForTest();
  const keyring = await openTestKeyring();
  const codec = createEventCodec({ keyring, format: createJsonFormat() });
  const store = new TypeOrmEventStore(database, clock, new OutboxSignal());
  const newEventId = () => '00000000-0000-4000-8000-000000000001';
  const students = new AggregateRepository(student, { store, codec, newEventId });
  const userRef = keyring.userRef(userId);
  const streamId = streamIdOf(student, userRef);
  await students.execute(streamId, () => [{ type: 'registered', data: { userId, email } }]);
  assert.equal((await students.load(streamId)).state.email, email);

  const columns = new SealedColumns(keyring, 'students', ['email']);
  await database.transaction(async (manager) => {
    const { bytes } = columnTypes(manager.queryRunner!);
    await manager.query(`CREATE TABLE students (user_ref varchar(64) PRIMARY KEY, email ${bytes})`);
    const sealed = columns.seal(userRef, userRef, { email });
    await insertRows(manager, 'students', ['user_ref', 'email'], [[userRef, sealed.email]]);
  });
  const readModel = async () => {
    const { rows } = await database.execute('SELECT email FROM students');
    return columns.open([{ userRef, rowId: userRef, sealed: { email: toBytes(rows[0]!['email']) } }]);
  };
  assert.deepEqual(await readModel(), [{ email }]);
  await new TypeOrmErasureStore(database).open(requestedErasure({ erasureId: 'e', userRef }));

  const files = () => readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name)));
  const holds = (text: string) => files().some((bytes) => bytes.includes(text));
  assert.ok(holds(userRef), 'the scan sees what stands there');
  for (const text of [userId, email]) {
    assert.equal(holds(text), false);
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      assert.equal(
        files().some((bytes) => bytes.includes(Buffer.from(text).toString(encoding))),
        false,
      );
  }

  await keyring.forget(userRef);
  assert.ok(isErased((await students.load(streamId)).state.email));
  assert.ok(isErased((await readModel())[0]!.email));
  await close();
  await keyring.close();
});
