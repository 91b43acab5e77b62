import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { emailIndex, UserLookups, type LookupRow } from '@oubliette/privacy';
import type { EntityManager } from 'typeorm';
import { TypeOrmLookupStore } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

interface Under {
  readonly clock: TestDatabase['clock'];
  readonly keyring: Keyring;
  readonly store: TypeOrmLookupStore;
  readonly lookups: UserLookups<EntityManager>;
  readonly rows: () => Promise<LookupRow[]>;
}

/** Look-ups whole, on one kind of database: what its transactions have to do with forgetting. */
export function lookupsOn(name: string, open: () => Promise<TestDatabase>): void {
  const check = (title: string, body: (under: Under) => Promise<void>): void => {
    it(`look-ups on ${name}: ${title}`, async () => {
      const { database, clock, close } = await open();
      const keyring = await openTestKeyring({ clock, topic: new InMemoryKeyTopic({ clock }) });
      const store = new TypeOrmLookupStore(database);
      const lookups = new UserLookups({ keyring, store, clock, indexes: [emailIndex()] });
      await lookups.start();
      try {
        await body({ clock, keyring, store, lookups, rows: () => store.page({ limit: 1_000 }) });
      } finally {
        await lookups.close();
        await keyring.close();
        await close();
      }
    });
  };
  const entry = (keyring: Keyring, id: string) => ({
    userRef: keyring.userRef(id),
    values: [`${id}@example.org`],
  });

  check('a transaction that is open while its user is forgotten leaves no row', async (under) => {
    const { keyring, store, lookups, rows } = under;
    const [ann, ben] = [entry(keyring, 'ann'), entry(keyring, 'ben')];
    await lookups.prepare('email', [ann.userRef, ben.userRef]);
    assert.ok(keyring.isFresh);
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let written = (): void => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const putting = store.transaction(async (manager) => {
      await lookups.put(manager, 'email', [ann, ben]);
      written();
      await mayCommit;
    });
    await isWritten;
    await keyring.forget(ann.userRef);
    // The rows are asked for meanwhile; whoever did not wait would miss the one that is not committed yet.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    commit();
    await putting;
    await lookups.settled();
    assert.deepEqual(
      (await rows()).map(({ userRef }) => userRef),
      [ben.userRef],
    );
    assert.deepEqual(await lookups.find('email', 'ann@example.org'), []);
    assert.deepEqual(await lookups.find('email', 'ben@example.org'), [ben.userRef]);
  });

  check('puts and forgettings at once, in any order, leave the rows of the living', async (under) => {
    const { keyring, store, lookups, rows } = under;
    const entries = Array.from({ length: 24 }, (_, index) => entry(keyring, `user-${index}`));
    await lookups.prepare(
      'email',
      entries.map(({ userRef }) => userRef),
    );
    assert.ok(keyring.isFresh);
    await Promise.all(
      entries.flatMap((one, index) => [
        store.transaction((manager) => lookups.put(manager, 'email', [one])),
        ...(index % 3 === 0 ? [keyring.forget(one.userRef)] : []),
      ]),
    );
    await lookups.settled();
    const living = entries.filter((_, index) => index % 3 !== 0).map(({ userRef }) => userRef);
    assert.deepEqual((await rows()).map(({ userRef }) => userRef).sort(), living.sort());
  });

  check('a rotation hashes every row anew', async (under) => {
    const { clock, keyring, store, lookups, rows } = under;
    const entries = Array.from({ length: 40 }, (_, index) => entry(keyring, `user-${index}`));
    await lookups.prepare(
      'email',
      entries.map(({ userRef }) => userRef),
    );
    await store.transaction((manager) => lookups.put(manager, 'email', entries));
    const before = new Set((await rows()).map(({ hash }) => hash));
    let isOver = false;
    const rotating = lookups.rotatePepper().finally(() => (isOver = true));
    while (!isOver) {
      await clock.advanceAsync(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = await rotating;
    assert.deepEqual(result, { rehashed: 40, ended: 0, refused: 0, peppersEnded: 1 });
    const after = await rows();
    assert.equal(after.length, 40);
    assert.equal(after.filter(({ hash }) => before.has(hash)).length, 0);
    for (const { userRef, values } of entries)
      assert.deepEqual(await lookups.find('email', values[0] ?? ''), [userRef]);
  });
}
