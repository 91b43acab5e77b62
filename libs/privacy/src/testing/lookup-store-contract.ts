import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { LookupPlace, LookupRow, LookupStore } from '../lookups/lookup-store.js';

export interface LookupStoreUnderTest<Tx> extends UnderTest {
  /** Empty. */
  readonly store: LookupStore<Tx>;
  /** Long enough for another transaction to get as far as it can. */
  readonly settle: () => Promise<void>;
}

/** What every LookupStore must do. `factory` gives an empty one each time. */
export function lookupStoreContract<Tx>(
  name: string,
  factory: () => Promise<LookupStoreUnderTest<Tx>>,
): void {
  const check = checksOnEach(factory);
  const put = ({ store }: LookupStoreUnderTest<Tx>, rows: readonly LookupRow[]): Promise<void> =>
    store.transaction((tx) => store.put(tx, rows));
  const all = async ({ store }: LookupStoreUnderTest<Tx>): Promise<LookupRow[]> =>
    (await store.page({ limit: 1_000 })).map(plain);

  describe(`look-up store: ${name}`, () => {
    check('gives back what was put, every field of it, and replaces a row of the same key', async (under) => {
      const { store } = under;
      await put(under, [row(1), row(2)]);
      await put(under, [row(1, { pepperId: pepper(9), sealed: Uint8Array.of(7) }), row(3)]);
      assert.deepEqual(await all(under), [
        row(2),
        row(3),
        row(1, { pepperId: pepper(9), sealed: Uint8Array.of(7) }),
      ]);
      const own = await store.transaction((tx) => store.ofUsers(tx, [userRef(3), userRef(8)]));
      assert.deepEqual(own.map(plain), [row(3)]);
    });

    check('finds by index and any of the hashes, at most so many', async (under) => {
      const { store } = under;
      await put(under, [
        row(1),
        row(2),
        row(3, { hash: row(1).hash }),
        row(4, { index: 'phone', hash: row(1).hash }),
      ]);
      const found = async (hashes: string[], limit = 9) =>
        (await store.find('email', hashes, limit)).map((one) => one.userRef).sort();
      assert.deepEqual(await found([row(1).hash]), [userRef(1), userRef(3)]);
      assert.deepEqual(await found([row(2).hash, 'f'.repeat(32)]), [userRef(2)]);
      assert.equal((await found([row(1).hash], 1)).length, 1);
      assert.deepEqual(await found(['f'.repeat(32)]), []);
    });

    check('removes rows by their keys, and minds none that is not there', async (under) => {
      const { store } = under;
      await put(under, [row(1), row(2), row(3, { hash: row(1).hash })]);
      await store.transaction((tx) => store.remove(tx, [row(1), row(7)]));
      await store.transaction((tx) => store.remove(tx, []));
      assert.deepEqual(
        (await all(under)).map((one) => one.userRef),
        [userRef(3), userRef(2)],
      );
    });

    check('keeps nothing of a transaction that rejects', async (under) => {
      const { store } = under;
      await put(under, [row(1)]);
      const failing = store.transaction(async (tx) => {
        await store.put(tx, [row(2)]);
        await store.remove(tx, [row(1)]);
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      assert.deepEqual(await all(under), [row(1)]);
    });

    check('tells rows under other peppers, wherever their ids lie in the order', async (under) => {
      const { store } = under;
      assert.equal(await store.hasOthers([]), false);
      for (const at of [1, 5, 9]) await put(under, [row(at, { pepperId: pepper(at) })]);
      assert.equal(await store.hasOthers([]), true);
      assert.equal(await store.hasOthers([pepper(1), pepper(5), pepper(9)]), false);
      assert.equal(await store.hasOthers([pepper(9), pepper(3), pepper(1), pepper(5)]), false);
      for (const missing of [1, 5, 9])
        assert.equal(await store.hasOthers([1, 5, 9].filter((at) => at !== missing).map(pepper)), true);
    });

    check('gives all rows a page at a time, or all but those under one pepper', async (under) => {
      const { store } = under;
      const rows = Array.from({ length: 30 }, (_, at) => row(at, { pepperId: pepper(at % 3) }));
      await put(under, rows);
      for (const exceptPepper of [undefined, pepper(0), pepper(1), pepper(2)]) {
        for (const limit of [1, 4, 30, 31]) {
          const seen: string[] = [];
          let after: LookupPlace | undefined;
          do {
            const page = await store.page({
              limit,
              ...(after === undefined ? {} : { after }),
              ...(exceptPepper === undefined ? {} : { exceptPepper }),
            });
            assert.ok(page.length <= limit);
            seen.push(...page.map((one) => one.userRef));
            after = page.length < limit ? undefined : page.at(-1);
          } while (after !== undefined);
          const expected = rows.filter(({ pepperId }) => pepperId !== exceptPepper);
          assert.equal(seen.length, expected.length);
          assert.deepEqual(seen.sort(), expected.map((one) => one.userRef).sort());
        }
      }
    });

    check('whoever locks a user sees what another transaction with the same lock wrote', async (under) => {
      const { store, settle } = under;
      let commit = (): void => undefined;
      const mayCommit = new Promise<void>((resolve) => (commit = resolve));
      let written = (): void => undefined;
      const isWritten = new Promise<void>((resolve) => (written = resolve));
      const writer = store.transaction(async (tx) => {
        await store.lockUsers(tx, [userRef(2), userRef(1)]);
        await store.put(tx, [row(1)]);
        written();
        await mayCommit;
      });
      await isWritten;
      const cleaner = store.transaction(async (tx) => {
        await store.lockUsers(tx, [userRef(1), userRef(3)]);
        await store.remove(tx, await store.ofUsers(tx, [userRef(1), userRef(3)]));
      });
      await settle();
      commit();
      await Promise.all([writer, cleaner]);
      assert.deepEqual(await all(under), []);
    });

    check('takes many rows at once', async (under) => {
      const { store } = under;
      const rows = Array.from({ length: 8_000 }, (_, at) => row(at));
      const users = rows.map((one) => one.userRef);
      await store.transaction(async (tx) => {
        await store.lockUsers(tx, users);
        await store.put(tx, rows);
      });
      await store.transaction(async (tx) => {
        assert.equal((await store.ofUsers(tx, users)).length, 8_000);
        await store.remove(tx, rows.slice(1));
      });
      assert.deepEqual(await all(under), [row(0)]);
    });
  });
}

function row(at: number, change: Partial<LookupRow> = {}): LookupRow {
  return {
    index: 'email',
    hash: at.toString(16).padStart(32, '0'),
    userRef: userRef(at),
    pepperId: pepper(1),
    sealed: Uint8Array.of(1, 2, at % 256),
    ...change,
  };
}

function plain({ index, hash, userRef: user, pepperId, sealed }: LookupRow): LookupRow {
  return { index, hash, userRef: user, pepperId, sealed: Uint8Array.from(sealed) };
}

function userRef(user: number): UserRef {
  return user.toString(16).padStart(32, '0') as UserRef;
}

function pepper(at: number): string {
  return at.toString(16).padStart(16, '0');
}
