import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { isErased } from '@oubliette/serde';
import { EventSourcingError, SealedColumns, type RowToOpen } from '../src/index.js';

type Column = 'name' | 'email';
const columnsOf = (keyring: Keyring, table = 'students') =>
  new SealedColumns<Column>(keyring, table, ['name', 'email']);
const clear = { name: 'Ann', email: null };

async function sealed(keyring: Keyring, userId = 'ann', rowId = 'row-1'): Promise<RowToOpen<Column>> {
  const userRef = keyring.userRef(userId);
  await keyring.ensureKeys([userRef]);
  return { userRef, rowId, sealed: columnsOf(keyring).seal(userRef, rowId, clear) };
}

describe('SealedColumns', () => {
  it('opens what it sealed; no value stays no value', async () => {
    const keyring = await openTestKeyring();
    const row = await sealed(keyring);
    assert.equal(row.sealed.email, null);
    assert.equal(Buffer.from(row.sealed.name!).includes('Ann'), false);
    assert.deepEqual(await columnsOf(keyring).open([row]), [clear]);
    await keyring.close();
  });

  it('opens nothing that was moved to another row, column or table, or changed', async () => {
    const keyring = await openTestKeyring();
    const row = await sealed(keyring);
    const flipped = Uint8Array.from(row.sealed.name!);
    flipped[flipped.length - 1]! ^= 1;
    const invalid = { code: 'SEALED_COLUMN_INVALID', retriable: false };
    const columns = columnsOf(keyring);
    await assert.rejects(columns.open([{ ...row, rowId: 'row-2' }]), invalid);
    await assert.rejects(columns.open([{ ...row, sealed: { name: null, email: row.sealed.name } }]), invalid);
    await assert.rejects(columns.open([{ ...row, sealed: { name: flipped, email: null } }]), invalid);
    await assert.rejects(columnsOf(keyring, 'teachers').open([row]), invalid);
    await keyring.close();
  });

  it('opens the other rows when one is refused, where the caller asks for each', async () => {
    const keyring = await openTestKeyring();
    const [ann, ben] = [await sealed(keyring), await sealed(keyring, 'ben', 'row-2')];
    const flipped = Uint8Array.from(ann.sealed.name!);
    flipped[60]! ^= 1;
    const bad = { ...ann, sealed: { name: flipped, email: null } };
    const [refused, opened] = await columnsOf(keyring).openEach([bad, ben]);
    assert.ok(refused instanceof EventSourcingError);
    assert.equal(refused.code, 'SEALED_COLUMN_INVALID');
    assert.deepEqual(opened, clear);
    await keyring.close();
  });

  it("gives erased values for a forgotten user's columns, and leaves others alone", async () => {
    const keyring = await openTestKeyring();
    const rows = [await sealed(keyring), await sealed(keyring, 'ben', 'row-2')];
    const { erasedAt } = await keyring.forget(rows[0]!.userRef);
    const [ann, ben] = await columnsOf(keyring).open(rows);
    assert.ok(isErased(ann!.name));
    assert.equal(ann!.name.erasedAt, erasedAt);
    assert.equal(ann!.email, null);
    assert.deepEqual(ben, clear);
    assert.throws(() => columnsOf(keyring).seal(rows[0]!.userRef, 'row-1', clear), {
      code: 'USER_FORGOTTEN',
    });
    await keyring.close();
  });

  it('waits once for keys that are under way, and says when the topic cannot be heard', async () => {
    const topic = new InMemoryKeyTopic();
    const log = topic.open();
    const writer = await openTestKeyring({ topic });
    const reader = await openTestKeyring({ topic, log });
    let barriers = 0;
    const catchUp = reader.catchUp.bind(reader);
    reader.catchUp = (users) => {
      barriers++;
      return catchUp(users);
    };
    log.hold();
    const rows = [await sealed(writer), await sealed(writer, 'ben', 'row-2')];
    const opening = columnsOf(reader).open(rows);
    log.release();
    assert.deepEqual(await opening, [clear, clear]);
    assert.equal(barriers, 1);
    await reader.close();
    await assert.rejects(columnsOf(reader).open(rows), {
      code: 'SEALED_COLUMN_UNAVAILABLE',
      retriable: true,
    });
    await writer.close();
  });

  it('ends columns with the purpose that they are kept for, and leaves the others', async () => {
    const keyring = await openTestKeyring();
    const columns = new SealedColumns<Column>(keyring, 'students', ['name', 'email'], {
      email: { purpose: 'marketing', whenWithdrawn: 'omit' },
    });
    const strict = new SealedColumns<Column>(keyring, 'students', ['name', 'email'], {
      email: { purpose: 'marketing' },
    });
    const userRef = keyring.userRef('ann');
    const values = { name: 'Ann', email: 'ann@example.org' };
    await columns.ensureKeys([userRef]);
    const row = { userRef, rowId: 'row-1', sealed: columns.seal(userRef, 'row-1', values) };
    assert.deepEqual(await columns.open([row]), [values]);
    await keyring.withdraw(userRef, 'marketing');
    const [open] = await columns.open([row]);
    assert.equal(open?.name, 'Ann');
    assert.ok(isErased(open?.email));
    await columns.ensureKeys([userRef]);
    assert.equal(columns.seal(userRef, 'row-1', values).email, null);
    await assert.rejects(strict.ensureKeys([userRef]), { code: 'PURPOSE_WITHDRAWN' });
    assert.throws(() => strict.seal(userRef, 'row-1', values), { code: 'PURPOSE_WITHDRAWN' });
    await keyring.grant(userRef, 'marketing');
    await strict.ensureKeys([userRef]);
    assert.notEqual(strict.seal(userRef, 'row-1', values).email, null);
    await keyring.close();
  });
});
