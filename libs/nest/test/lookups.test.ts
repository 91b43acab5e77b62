import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { emailIndex, type UserLookups } from '@oubliette/privacy';
import { InMemoryLookupStore, type MemoryLookupTransaction } from '@oubliette/privacy/testing';
import { ForgetUserService, LookupsModule, Metrics, OublietteModule, USER_LOOKUPS } from '../src/index.js';
import { openTestEngine, type TestEngine } from '../src/testing/index.js';
import { TOKEN } from './app.js';

const STORE = Symbol('STORE');

async function startApp(engine: TestEngine, store: InMemoryLookupStore) {
  @Module({ providers: [{ provide: STORE, useValue: store }], exports: [STORE] })
  class StoreModule {}
  const testing = await Test.createTestingModule({
    imports: [
      OublietteModule.forRoot({
        engine: () => Promise.resolve(engine),
        groupId: 'school',
        access: { token: TOKEN },
      }),
      LookupsModule.forRootAsync({
        imports: [StoreModule],
        inject: [STORE],
        useFactory: (given: InMemoryLookupStore) => ({ store: given, indexes: [emailIndex()] }),
      }),
    ],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  await app.init();
  return { app, lookups: app.get<UserLookups<MemoryLookupTransaction>>(USER_LOOKUPS) };
}

test('look-ups start with the application, lose whoever is forgotten, count alarms, and stop with it', async () => {
  const engine = await openTestEngine();
  const store = new InMemoryLookupStore();
  const { app, lookups } = await startApp(engine, store);
  assert.equal(engine.keyring.peppers.ids().length, 1);
  const users = ['ann', 'ben'].map((id) => engine.keyring.userRef(id));
  await lookups.prepare('email', users);
  const entries = users.map((userRef, index) => ({ userRef, values: [`${index}@example.org`] }));
  await store.transaction((tx) => lookups.put(tx, 'email', entries));
  assert.deepEqual(await lookups.find('email', '0@example.org'), [users[0]]);
  await app.get(ForgetUserService).forgetUser('ann');
  await lookups.settled();
  assert.deepEqual(await lookups.find('email', '0@example.org'), []);
  assert.deepEqual(
    store.all().map(({ userRef }) => userRef),
    [users[1]],
  );
  const [row] = store.all();
  assert.ok(row);
  await store.transaction((tx) => store.put(tx, [{ ...row, sealed: row.sealed.map((byte) => byte ^ 1) }]));
  assert.deepEqual(await lookups.find('email', '1@example.org'), []);
  assert.match(
    await app.get(Metrics).registry.metrics(),
    /oubliette_alarms_total\{code="LOOKUP_ROW_REFUSED"\} 1/,
  );
  await app.close();
  await assert.rejects(lookups.rehash(), { code: 'KEYRING_CLOSED' });
});
