import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { Alarms } from '../src/alarms.js';
import { loadSodium } from '../src/crypto/sodium.js';
import { encodeFence, keyFingerprint } from '../src/fence-record.js';
import { toHex } from '../src/hex.js';
import type { PurposeTag, StoredKeyLogRecord, UserRef } from '../src/index.js';
import { KeyOpener } from '../src/key-opener.js';
import { encodeKeyRecord } from '../src/key-record.js';
import { GENERAL_PURPOSE, type KeyScope } from '../src/key-scope.js';
import { LogTime } from '../src/log-time.js';
import { fenceName, restrictionName, userKeyName } from '../src/record-keys.js';
import { encodeRestriction } from '../src/restriction-record.js';
import { encodeRetirement } from '../src/retirement-record.js';
import { deriveSubkeys } from '../src/subkeys.js';
import { partitionOfUser } from '../src/user-ref.js';
import { isAtHand } from '../src/user-key.js';
import { UserTable, type UserTableParts } from '../src/user-table.js';
import { PlainUserTable } from './plain-user-table.js';

const PARTITIONS = 2;
// Two of them share the words that the index goes by.
const USERS = ['00000000', '00000001', '00000002', '00000003'].map(
  (first, index) => `${first}${index < 2 ? '0' : '9'}0000000${'5'.repeat(16)}` as UserRef,
);
const KIDS = ['a', 'b', 'c'].map((digit) => digit.repeat(16));
const MARKETING = '1703c699' as PurposeTag;
const sodium = await loadSodium();
const subkeys = deriveSubkeys(sodium, new Uint8Array(32).fill(1));
const wrappingKeys = [1, 2].map((epoch) => ({ epoch, key: new Uint8Array(32).fill(epoch) }));
const notAtHand = { epoch: 9, key: new Uint8Array(32).fill(9) };

const user = fc.constantFrom(...USERS);
const kid = fc.constantFrom(...KIDS);
const scope: fc.Arbitrary<KeyScope> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ lifecycle: 1, purpose: GENERAL_PURPOSE, generation: 1 }) },
  fc.record({
    lifecycle: fc.constantFrom(1, 2),
    purpose: fc.constant(MARKETING),
    generation: fc.constantFrom(1, 2),
  }),
  fc.constant({ lifecycle: 2, purpose: GENERAL_PURPOSE, generation: 1 }),
);
const facts = fc.record({
  rotation: fc.constantFrom(0, 0, 0, 1),
  madeAt: fc.constantFrom(0, 0, 1_700_000_000_456, 2 ** 48, 2 ** 52),
  lifetimeSeconds: fc.constantFrom(0, 0, 60),
});
const wrapping = fc.constantFrom(...wrappingKeys, ...wrappingKeys, ...wrappingKeys, notAtHand);
/** Which byte is changed, if any. */
const flaw = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(200) });
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('key'),
      user,
      kid,
      scope,
      facts,
      wrapping,
      flaw,
      twin: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fence'),
      user,
      scope,
      flaw,
      listed: fc.uniqueArray(kid),
      erasedAt: fc.constantFrom(5, 1_700_000_000_123, 2 ** 48),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('tombstone'), user, kid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fence tombstone'), user, scope }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retirement'), user, kid, scope, flaw }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('restriction'),
      user,
      lifecycle: fc.constantFrom(1, 1, 2),
      isRestricted: fc.boolean(),
      at: fc.constantFrom(5, 6, 1_700_000_000_123),
      flaw,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restriction tombstone'),
      user,
      lifecycle: fc.constantFrom(1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('misplaced'), user, kid, scope, facts, wrapping }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'replayed'), partition: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('rewrap'), user, twin: fc.constantFrom(false, false, true) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('use'), user }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('load'), user }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Side<Table> {
  readonly table: Table;
  readonly told: string[];
}

/** The table and its model, which are given the same records. */
class Pair {
  readonly compact: Side<UserTable>;
  readonly plain: Side<PlainUserTable>;
  readonly #log: StoredKeyLogRecord[] = [];

  /** `firstOffset`: a long log's offsets have no place in a row. */
  constructor(
    keysInMemory: number,
    private readonly firstOffset = 0,
  ) {
    const parts = (): Omit<UserTableParts, 'keysInMemory'> => ({
      sodium,
      subkeys,
      opener: new KeyOpener(
        sodium,
        wrappingKeys.map(({ epoch, key }) => ({ epoch, key: key.slice() })),
      ),
      partitionCount: PARTITIONS,
      deployment: { id: '0'.repeat(16), value: new Uint8Array(0) },
      time: new LogTime(new ManualClock()),
      alarms: new Alarms(),
    });
    const listen = <T extends UserTable | PlainUserTable>(table: T, alarms: Alarms): Side<T> => {
      const told: string[] = [];
      alarms.subscribe(({ code, partition, offset }) => told.push(`${code} ${partition} ${offset}`));
      table.restricted.subscribe(({ userRef, isRestricted }) => told.push(`${userRef} ${isRestricted}`));
      table.forgotten.subscribe(({ userRef, lifecycle }) => told.push(`${userRef} ${lifecycle}`));
      return { table, told };
    };
    const compact = parts();
    this.compact = listen(new UserTable({ ...compact, keysInMemory }), compact.alarms);
    const plain = parts();
    this.plain = listen(new PlainUserTable(plain), plain.alarms);
  }

  run(step: Step): void {
    switch (step.do) {
      case 'key':
        return this.#apply(step.user, userKeyName(step.user, step.kid), keyRecord(step));
      case 'misplaced':
        return this.#apply(step.user, userKeyName(step.user, step.kid), keyRecord(step), 1);
      case 'tombstone':
        return this.#apply(step.user, userKeyName(step.user, step.kid), null);
      case 'fence tombstone':
        return this.#apply(step.user, fenceName(step.user, step.scope), null);
      case 'fence': {
        const fingerprints = step.listed.map((each) =>
          keyFingerprint(sodium, subkeys.fingerprint, userKeyOf(step.user, each)),
        );
        const fence = { userRef: step.user, ...step.scope, erasedAt: step.erasedAt, fingerprints };
        const value = encodeFence(sodium, subkeys.fence, fence);
        return this.#apply(step.user, fenceName(step.user, step.scope), flawed(value, step.flaw));
      }
      case 'retirement': {
        const name = { userRef: step.user, kid: step.kid };
        const value = encodeRetirement(sodium, subkeys.fence, name, { ...step.scope, retiredAt: 7 });
        return this.#apply(step.user, userKeyName(step.user, step.kid), flawed(value, step.flaw));
      }
      case 'restriction': {
        const value = encodeRestriction(sodium, subkeys.fence, step.user, step);
        return this.#apply(step.user, restrictionName(step.user, step.lifecycle), flawed(value, step.flaw));
      }
      case 'restriction tombstone':
        return this.#apply(step.user, restrictionName(step.user, step.lifecycle), null);
      case 'restart':
        this.compact.table.restarted(step.partition);
        return this.plain.table.restarted(step.partition);
      case 'replayed':
        for (const { table, told } of [this.compact, this.plain]) {
          const before = told.length;
          table.replayed(step.partition);
          // The end of a replay tells of many users at once, in whatever order they are kept.
          told.push(...told.splice(before).sort());
        }
        return;
      case 'rewrap': {
        // As the turn of an epoch does; or, as nothing does, another key under a key id that is taken.
        const [key] = this.plain.table.get(step.user)?.keys ?? [];
        if (!key) return;
        const bytes = step.twin ? key.key.map((byte) => byte ^ 1) : key.key;
        const value = encodeKeyRecord(
          sodium,
          wrappingKeys[1] ?? notAtHand,
          { userRef: step.user, kid: key.kid },
          key,
          new Uint8Array(24),
          bytes,
        );
        return this.#apply(step.user, userKeyName(step.user, key.kid), value);
      }
      case 'use':
        for (const { table } of [this.compact, this.plain]) {
          const key = table.get(step.user)?.current(GENERAL_PURPOSE);
          if (key) key.uses++;
        }
        return;
      case 'load':
        return this.load(step.user);
    }
  }

  /** As the keyring's loader does. */
  load(userRef: UserRef): void {
    const { table } = this.compact;
    const partition = partitionOfUser(userRef, PARTITIONS);
    const absent = (table.get(userRef)?.keys ?? []).filter((key) => !isAtHand(key));
    for (const place of absent.map(({ kid: name, offset }) => ({ userRef, kid: name, offset }))) {
      const record = this.#log.find(
        (each) => each.partition === partition && each.offset === BigInt(place.offset),
      );
      assert.ok(record);
      table.restoreKey(place, record);
    }
  }

  /** The bytes of every key, each loaded where it is absent. */
  bytesAreRight(keysInMemory: number): void {
    assert.ok(this.compact.table.keysHeld <= keysInMemory);
    for (const plain of this.plain.table.entries()) {
      this.load(plain.userRef);
      const keys = this.compact.table.get(plain.userRef)?.keys ?? [];
      for (const [index, key] of keys.entries()) {
        if (key.key) assert.deepEqual(key.key, plain.keys[index]?.key);
        else assert.ok(keys.length > keysInMemory, 'what was loaded is at hand');
      }
    }
  }

  #apply(userRef: UserRef, key: Uint8Array, value: Uint8Array | null, aside = 0): void {
    const partition = (partitionOfUser(userRef, PARTITIONS) + aside) % PARTITIONS;
    const timestamp = 1_000 + this.#log.length;
    const offset = BigInt(this.firstOffset + this.#log.length);
    const record = { key, value, partition, offset, timestamp };
    this.#log.push(record);
    this.compact.table.apply(record);
    this.plain.table.apply(record);
  }
}

function userKeyOf(userRef: UserRef, name: string, twin = false): Uint8Array {
  return sodium.mac(subkeys.userRef, new TextEncoder().encode(`${userRef}${name}${twin}`), 32);
}

function keyRecord(made: Extract<Step, { do: 'key' | 'misplaced' }>): Uint8Array {
  const name = { userRef: made.user, kid: made.kid };
  const nonce = new Uint8Array(24).fill(made.facts.rotation);
  // Rarely two keys under one kid, by whoever holds the wrapping key.
  const isTwin = made.do === 'key' && made.twin && made.facts.rotation === 1;
  const key = userKeyOf(made.user, made.kid, isTwin);
  const value = encodeKeyRecord(sodium, made.wrapping, name, { ...made.scope, ...made.facts }, nonce, key);
  return made.do === 'key' ? flawed(value, made.flaw) : value;
}

/** One bit changed, or, behind the end, cut short. */
function flawed(value: Uint8Array, at: number | null): Uint8Array {
  if (at === null) return value;
  if (at >= value.length) return value.subarray(0, value.length - 1);
  const changed = value.slice();
  changed[at] = (changed[at] ?? 0) ^ 0x10;
  return changed;
}

/** Everything that a table says but the bytes of keys. */
function said(table: UserTable | PlainUserTable): unknown {
  const users = [...table.entries()].map((entry) => {
    assert.deepEqual(summary(table.get(entry.userRef)), summary(entry));
    return summary(entry);
  });
  users.sort((a, b) => ((a?.userRef ?? '') < (b?.userRef ?? '') ? -1 : 1));
  const dead = [...table.entriesWithDead()].map(({ userRef }) => userRef).sort();
  const unreadable = [...table.unreadable()].map(([partition, offsets]) => [partition, [...offsets].sort()]);
  return { users, dead, counts: table.counts, unreadable: new Map(unreadable as [number, number[]][]) };
}

type Entry = ReturnType<UserTable['get']> | ReturnType<PlainUserTable['get']>;

function summary(entry: Entry) {
  if (!entry) return null;
  const { userRef, partition, fences, retired, strays, forgedFence, fenced, state, lifecycle, restriction } =
    entry;
  const keys = entry.keys.map((key) => {
    const { kid: name, rotation, madeAt, lifetimeSeconds, epoch, uses, prefix } = key;
    return { name, rotation, madeAt, lifetimeSeconds, epoch, uses, prefix: toHex(prefix) };
  });
  const claimed = [...(strays ?? [])].map(([name, { scope: claim, reason, offset }]) => {
    return { name, reason, offset, claim: claim === null || claim === 'later' ? claim : scopeIn(claim) };
  });
  const told = { retired: [...(retired ?? [])], strays: claimed, dead: [...entry.dead] };
  const current = [GENERAL_PURPOSE, MARKETING].map((purpose) => entry.current(purpose)?.kid);
  return {
    userRef,
    partition,
    fences,
    keys,
    ...told,
    forgedFence,
    fenced,
    state,
    lifecycle,
    current,
    restriction,
  };
}

test('the compact table says what a map of plain objects says, whatever is read, forged, restarted and evicted', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 100),
      fc.boolean(),
      fc.constantFrom(0, 0, 0, 2 ** 32 - 12),
      fc.array(step, { maxLength: 60 }),
      (keysInMemory, isLive, firstOffset, steps) => {
        const pair = new Pair(keysInMemory, firstOffset);
        if (isLive) for (const partition of [0, 1]) pair.run({ do: 'replayed', partition });
        for (const [index, each] of steps.entries()) {
          pair.run(each);
          if (index % 8 === 7) assert.deepEqual(said(pair.compact.table), said(pair.plain.table));
        }
        assert.deepEqual(said(pair.compact.table), said(pair.plain.table));
        assert.deepEqual(pair.compact.told, pair.plain.told);
        pair.bytesAreRight(keysInMemory);
      },
    ),
    { numRuns: 300 },
  );
});

test('what the table counts by profile is what its users have', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { run, compact } = ((pair) => ({ run: pair.run.bind(pair), compact: pair.compact }))(new Pair(2));
      for (const each of steps) run(each);
      const isOld = ({ epoch }: { readonly epoch: number }): boolean => epoch !== 2;
      const users = [...compact.table.entries()].filter(({ keys }) => keys.some(isOld));
      assert.deepEqual(
        [...compact.table.entriesWith(isOld)].map(({ userRef }) => userRef),
        users.map(({ userRef }) => userRef),
      );
      assert.equal(compact.table.countKeys(isOld), users.flatMap(({ keys }) => keys.filter(isOld)).length);
    }),
    { numRuns: 50 },
  );
});

test('a table that is read while records come tells every user, those of a partition that begins anew as well', () => {
  const pair = new Pair(100);
  const first = { rotation: 0, madeAt: 0, lifetimeSeconds: 0 } as const;
  const scopeOfAll = { lifecycle: 1, purpose: GENERAL_PURPOSE, generation: 1 };
  const mint = (userRef: UserRef): void =>
    pair.run({
      do: 'key',
      user: userRef,
      kid: KIDS[0] ?? '',
      scope: scopeOfAll,
      facts: first,
      wrapping: wrappingKeys[0] ?? notAtHand,
      flaw: null,
      twin: false,
    });
  const [a, b, c, d] = USERS as [UserRef, UserRef, UserRef, UserRef];
  for (const each of [a, c, b]) mint(each);
  const seen = pair.compact.table.entries()[Symbol.iterator]();
  assert.equal(seen.next().value?.userRef, a);
  pair.run({ do: 'restart', partition: 0 });
  mint(c);
  mint(d);
  mint(a);
  const rest: string[] = [];
  for (let next = seen.next(); next.done !== true; next = seen.next()) rest.push(next.value.userRef);
  assert.deepEqual(rest, [c, a, b, d]);
});

function scopeIn({ lifecycle, purpose, generation }: KeyScope): KeyScope {
  return { lifecycle, purpose, generation };
}
