import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entropy } from '@oubliette/runtime';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { Alarms } from '../src/alarms.js';
import { EntropyPool } from '../src/crypto/entropy-pool.js';
import { encodeFence } from '../src/fence-record.js';
import type { StoredKeyLogRecord, UserRef } from '../src/index.js';
import { KeyOpener } from '../src/key-opener.js';
import { GENERAL_PURPOSE } from '../src/key-scope.js';
import { KeySlab } from '../src/key-slab.js';
import { encodeKeyRecord } from '../src/key-record.js';
import { LogTime } from '../src/log-time.js';
import { fenceName, userKeyName } from '../src/record-keys.js';
import { loadSodium } from '../src/crypto/sodium.js';
import { deriveSubkeys } from '../src/subkeys.js';
import { UserTable } from '../src/user-table.js';

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
/** A free place begins with the number of another one. */
const isWiped = (bytes: Uint8Array): boolean => isZero(bytes.subarray(4)) && bytes[0] !== 9;

test('design 4.15: a slab wipes what it is given, what is released, and everything at the end', () => {
  const slab = new KeySlab();
  slab.trackOwners();
  const given = new Uint8Array(32).fill(7);
  const place = slab.keep(given, 42);
  const kept = slab.view(place);
  assert.equal(isZero(given), true);
  assert.deepEqual(kept, new Uint8Array(32).fill(7));
  assert.equal(slab.ownerOf(place), 42);
  assert.ok(kept.buffer.byteLength > 64, 'small arrays lie in the collected heap, and are copied there');
  slab.release(place);
  assert.equal(isZero(kept), true);
  const many = Array.from({ length: 3000 }, (_, index) =>
    slab.view(slab.keep(new Uint8Array(32).fill(1 + (index % 250)), index)),
  );
  assert.ok(many.every((key, index) => key[31] === 1 + (index % 250)));
  assert.equal(slab.size, 3000);
  slab.wipe();
  assert.ok(many.every(isZero));
});

test('a full slab never makes room by one of the half that was used last, whatever was used and released', () => {
  const step = fc.tuple(
    fc.constantFrom('keep', 'keep', 'touch', 'release'),
    fc.nat(),
    fc.constantFrom(1, 1, 2, 40),
  );
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3, 5, 8, 9, 20), fc.array(step, { maxLength: 80 }), (limit, steps) => {
      const slab = new KeySlab(limit);
      let used: number[] = [];
      for (const [act, choice, times] of steps) {
        const chosen = used[choice % Math.max(1, used.length)];
        if (act === 'keep') {
          if (slab.isFull) assert.throws(() => slab.keep(new Uint8Array(32), 0), RangeError);
          else used.push(slab.keep(new Uint8Array(32).fill(1), 0));
        } else if (chosen !== undefined) {
          used = used.filter((place) => place !== chosen);
          if (act === 'release') slab.release(chosen);
          else {
            for (let time = 0; time < times; time++) slab.touch(chosen);
            used.push(chosen);
          }
        }
        assert.equal(slab.size, used.length);
        assert.equal(new Set(used).size, used.length, 'no place is given twice');
        assert.ok(
          used.every((place) => place < limit),
          'what was released is given again before memory is taken',
        );
        if (used.length === 0) assert.throws(() => slab.old(), RangeError);
        else assert.ok(used.includes(slab.old()));
        if (!slab.isFull) continue;
        const old = used.slice(0, used.length - Math.floor(limit / 2));
        assert.ok(old.includes(slab.old()), `${slab.old()} of ${used.join()}`);
      }
    }),
    {
      numRuns: 300,
      // A few that are used again and again, so that many ages pass, and then others.
      examples: [
        [
          5,
          [
            ...Array.from({ length: 5 }, () => ['keep', 0, 1] as [string, number, number]),
            ...Array.from({ length: 8 }, (_, turn) => ['touch', turn % 2, 40] as [string, number, number]),
            ['touch', 0, 1],
            ['touch', 1, 1],
          ],
        ],
      ],
    },
  );
});

test('what was used last makes no room after any number of uses', () => {
  const slab = new KeySlab(4);
  const places = Array.from({ length: 4 }, () => slab.keep(new Uint8Array(32).fill(1), 0));
  for (let use = 0; use < 2_000; use++) {
    slab.touch(places[(use >> 6) % 4] ?? 0);
    slab.touch(places[((use >> 6) + 1) % 4] ?? 0);
    const unused = [places[((use >> 6) + 2) % 4], places[((use >> 6) + 3) % 4]];
    assert.ok(unused.includes(slab.old()));
  }
});

test('design 4.15: a fence and a lost key wipe the user’s keys in memory', async () => {
  const sodium = await loadSodium();
  const subkeys = deriveSubkeys(sodium, new Uint8Array(32).fill(1));
  const wrapping = { epoch: 1, key: new Uint8Array(32).fill(2) };
  const deployment = { id: '0'.repeat(16), value: new Uint8Array(0) };
  const table = new UserTable({
    sodium,
    subkeys,
    opener: new KeyOpener(sodium, [wrapping]),
    partitionCount: 1,
    deployment,
    time: new LogTime(new ManualClock()),
    alarms: new Alarms(),
  });
  const scope = { lifecycle: 1, purpose: GENERAL_PURPOSE, generation: 1 };
  const userRef = 'ab'.repeat(16) as UserRef;
  let offset = 0n;
  const apply = (key: Uint8Array, value: Uint8Array | null) =>
    table.apply({ key, value, partition: 0, offset: offset++, timestamp: 0 });
  const mint = (kid: string) => {
    const userKey = new Uint8Array(32).fill(9);
    const value = encodeKeyRecord(
      sodium,
      wrapping,
      { userRef, kid },
      { ...scope, rotation: 0, madeAt: 0, lifetimeSeconds: 0 },
      new Uint8Array(24),
      userKey,
    );
    apply(userKeyName(userRef, kid), value);
  };
  const kids = ['1', '2', '3'].map((digit) => digit.repeat(16));
  kids.forEach(mint);
  const keys = (table.get(userRef)?.keys ?? []).map(({ key }) => key ?? new Uint8Array(0));
  assert.deepEqual(
    keys.map((key) => key[0]),
    [9, 9, 9],
  );
  assert.equal(table.get(userRef)?.current(GENERAL_PURPOSE)?.kid, kids[0], 'the first in the log is current');
  apply(userKeyName(userRef, kids[0] ?? ''), null);
  assert.deepEqual(keys.map(isWiped), [true, false, false]);
  assert.equal(table.get(userRef)?.current(GENERAL_PURPOSE)?.kid, kids[1]);
  const fence = encodeFence(sodium, subkeys.fence, { userRef, ...scope, erasedAt: 5, fingerprints: [] });
  apply(fenceName(userRef, scope), fence);
  assert.deepEqual(keys.map(isWiped), [true, true, true]);
  assert.deepEqual([...(table.get(userRef)?.dead ?? [])], [kids[1], kids[2]]);
});

test('design 4.15: a key that makes room for another is wiped, and is there again when its record was read again', async () => {
  const { table, mint, records } = await smallTable(2);
  const users = ['aa', 'bb', 'cc'].map((byte) => byte.repeat(16) as UserRef);
  const keyOf = (userRef: UserRef) => table.get(userRef)?.current(GENERAL_PURPOSE)?.key ?? null;
  const [a, b, c] = users as [UserRef, UserRef, UserRef];
  mint(a, 1);
  const first = keyOf(a);
  assert.ok(first);
  mint(b, 2);
  assert.equal(first[0], 1);
  mint(c, 3);
  assert.notEqual(first[0], 1, 'its place was wiped and given to the third');
  assert.deepEqual([keyOf(a), keyOf(b)?.[0], keyOf(c)?.[0]], [null, 2, 3]);
  const [record] = records;
  assert.ok(record);
  const second = keyOf(b);
  assert.equal(keyOf(c)?.[0], 3);
  table.restoreKey({ userRef: a, kid: '1'.repeat(16), offset: 0 }, record);
  assert.deepEqual([keyOf(a)?.[0], keyOf(c)?.[0]], [1, 3]);
  assert.equal(keyOf(b), null);
  assert.notEqual(second?.[0], 2);
  assert.equal(table.keysHeld, 2);
});

async function smallTable(keysInMemory: number) {
  const sodium = await loadSodium();
  const wrapping = { epoch: 1, key: new Uint8Array(32).fill(2) };
  const table = new UserTable({
    sodium,
    subkeys: deriveSubkeys(sodium, new Uint8Array(32).fill(1)),
    opener: new KeyOpener(sodium, [wrapping]),
    partitionCount: 1,
    deployment: { id: '0'.repeat(16), value: new Uint8Array(0) },
    time: new LogTime(new ManualClock()),
    alarms: new Alarms(),
    keysInMemory,
  });
  table.replayed(0);
  const records: StoredKeyLogRecord[] = [];
  const scope = { lifecycle: 1, purpose: GENERAL_PURPOSE, generation: 1 };
  const facts = { ...scope, rotation: 0, madeAt: 0, lifetimeSeconds: 0 };
  const mint = (userRef: UserRef, fill: number): void => {
    const name = { userRef, kid: '1'.repeat(16) };
    const key = new Uint8Array(32).fill(fill);
    const value = encodeKeyRecord(sodium, wrapping, name, facts, new Uint8Array(24), key);
    const offset = BigInt(records.length);
    const record = { key: userKeyName(userRef, name.kid), value, partition: 0, offset, timestamp: 0 };
    records.push(record);
    table.apply(record);
  };
  return { table, mint, records };
}

test('a pool hands out each byte of entropy once, and forgets it', () => {
  const drawn: Uint8Array[] = [];
  const source = new SeededEntropy(1);
  let pool: Uint8Array | null = null;
  const entropy: Entropy = {
    fill: (target) => {
      source.fill(target);
      pool = target;
      drawn.push(target.slice());
    },
  };
  const fountain = new EntropyPool(entropy);
  const first = fountain.take(24);
  const second = fountain.take(32);
  assert.deepEqual(new Uint8Array([...first, ...second]), drawn[0]?.slice(0, 56));
  assert.ok(pool && isZero((pool as Uint8Array).slice(0, 56)));
  for (let count = 0; count < 2000; count++) fountain.take(24);
  assert.ok(drawn.length >= 2);
  fountain.wipe();
  assert.ok(isZero(pool));
  assert.equal(isZero(fountain.take(24)), false);
});
