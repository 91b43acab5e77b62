import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { Alarms } from '../src/alarms.js';
import { loadSodium } from '../src/crypto/sodium.js';
import type { Alarm, PurposeTag, UserRef } from '../src/index.js';
import { KeyOpener } from '../src/key-opener.js';
import { encodeKeyRecord } from '../src/key-record.js';
import { LogTime } from '../src/log-time.js';
import { userKeyName } from '../src/record-keys.js';
import { deriveSubkeys } from '../src/subkeys.js';
import { partitionOfUser } from '../src/user-ref.js';
import { UserTable } from '../src/user-table.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../src/testing/index.js';
import { binding, secret } from './process.js';

const hour = 3_600_000;
const day = 24 * hour;
const PARTITIONS = 2;
const USERS = 2_000;

test('while the master key is out of reach, a topic full of new users gives a few alarms and counts, and is read when it is back', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock, partitions: PARTITIONS, deleteRetentionMs: day });
  const service = new InMemoryMasterKeyService();
  const log = topic.open();
  const masterKeyOutageMs = 4 * hour;
  const masterKeys = await service.open();
  const keyring = await openTestKeyring({
    log,
    clock,
    masterKeys,
    masterKeyOutageMs,
    confirmMasterKeyEveryMs: hour,
  });
  const alarms: Alarm[] = [];
  keyring.onAlarm((alarm) => alarms.push(alarm));
  const other = await openTestKeyring({
    topic,
    clock,
    masterKeys: await new InMemoryMasterKeyService().open(),
  });
  const users = Array.from({ length: USERS }, (_, index) => other.userRef(`user ${index}`));

  service.state = 'down';
  await clock.advanceAsync(4 * hour);
  await other.ensureKeys(users);
  await keyring.catchUp(users);
  assert.equal(alarms.length, alarms.filter(({ code }) => code === 'KEY_RECORD_UNREADABLE').length);
  assert.ok(alarms.length <= PARTITIONS * 12, `${alarms.length} alarms for ${USERS} records`);
  const told = alarms.reduce((sum, { count }) => sum + count, 0);
  assert.ok(told > USERS / 2 && told <= USERS, `${told} told of`);

  // Away for longer than tombstones stand: all is read anew, and the master key is still down.
  log.hold();
  await clock.advanceAsync(2 * day);
  alarms.length = 0;
  log.release();
  await keyring.catchUp(users);
  assert.equal(alarms.length, PARTITIONS * 4, 'three of each partition, and one count');
  assert.equal(
    alarms.reduce((sum, { count }) => sum + count, 0),
    USERS,
  );

  service.state = 'up';
  await clock.advanceAsync(hour);
  await keyring.catchUp(users);
  for (const userRef of users.slice(0, 50)) {
    const envelope = other.seal(userRef, binding, secret);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
  }
  assert.equal(keyring.size().keys, USERS);
});

test('users of whom nothing is known but a record that cannot be read take a row each and no object', async () => {
  const sodium = await loadSodium();
  const entropy = new SeededEntropy(1);
  const wrapping = { epoch: 2, key: bytes(entropy, 32) };
  const opener = new KeyOpener(sodium, []);
  const table = new UserTable({
    sodium,
    subkeys: deriveSubkeys(sodium, bytes(entropy, 32)),
    opener,
    partitionCount: PARTITIONS,
    deployment: { id: '0'.repeat(16), value: new Uint8Array(0) },
    time: new LogTime(new ManualClock()),
    alarms: new Alarms(),
  });
  const scope = { lifecycle: 1, purpose: '1703c699' as PurposeTag, generation: 2 };
  const records = Array.from({ length: 500 }, (_, index) => {
    const userRef = Buffer.from(bytes(entropy, 16)).toString('hex') as UserRef;
    const kid = Buffer.from(bytes(entropy, 8)).toString('hex');
    const facts = { ...scope, rotation: 0, madeAt: 0, lifetimeSeconds: 0 };
    const value = encodeKeyRecord(
      sodium,
      wrapping,
      { userRef, kid },
      facts,
      bytes(entropy, 24),
      bytes(entropy, 32),
    );
    const partition = partitionOfUser(userRef, PARTITIONS);
    return {
      key: userKeyName(userRef, kid),
      value,
      userRef,
      kid,
      partition,
      offset: BigInt(index),
      timestamp: 1,
    };
  });
  for (const record of records) table.apply(record);
  assert.equal(table.objectsHeld, 0);
  assert.deepEqual(table.counts, { users: 0, keys: 0, forgotten: 0 });
  for (const { userRef, kid, offset } of records) {
    assert.deepEqual(
      table.get(userRef)?.strays,
      new Map([[kid, { scope: scopeIn(table, userRef), reason: 'unreadable', offset }]]),
    );
    const { lifecycle, purpose, generation } = scopeIn(table, userRef);
    assert.deepEqual({ lifecycle, purpose, generation }, scope);
  }
  assert.equal([...table.unreadable().values()].flat().length, records.length);
  opener.use([wrapping]);
  for (const record of records) table.applyAgain(record);
  assert.equal(table.unreadable().size, 0);
  assert.deepEqual(table.counts, { users: 500, keys: 500, forgotten: 0 });

  // Wrapped anew under an epoch that this process is not given: the keys that it has stay where they are.
  for (const [index, record] of records.entries()) {
    const value = record.value.slice();
    new DataView(value.buffer).setUint32(2, 3);
    table.apply({ ...record, value, offset: BigInt(1000 + index) });
  }
  assert.equal(table.objectsHeld, 0);
  assert.deepEqual(table.counts, { users: 500, keys: 500, forgotten: 0 });
  const [{ userRef, kid } = { userRef: '', kid: '' }] = records;
  assert.equal(table.get(userRef)?.keys[0]?.kid, kid);
  assert.equal(table.get(userRef)?.strays?.get(kid)?.offset, 1000n);
  assert.equal([...table.unreadable().values()].flat().length, records.length);
  for (const [index, record] of records.entries()) table.apply({ ...record, offset: BigInt(2000 + index) });
  assert.equal(table.unreadable().size, 0);
  assert.equal(table.objectsHeld, 0);

  // Of another scope, under the kid of a living key: both are known, and that takes an object.
  const [first] = records;
  assert.ok(first);
  const other = first.value.slice();
  new DataView(other.buffer).setUint32(2, 3);
  new DataView(other.buffer).setUint32(6, 7);
  table.apply({ ...first, value: other, offset: 3000n });
  assert.equal(table.objectsHeld, 1);
  assert.equal(scopeIn(table, first.userRef).lifecycle, 7);
  assert.equal(table.get(first.userRef)?.keys[0]?.lifecycle, 1);
});

function scopeIn(
  table: UserTable,
  userRef: UserRef,
): { lifecycle: number; purpose: string; generation: number } {
  const [stray] = [...(table.get(userRef)?.strays?.values() ?? [])];
  assert.ok(stray !== undefined && stray.scope !== null && stray.scope !== 'later');
  return stray.scope;
}

function bytes(entropy: SeededEntropy, count: number): Uint8Array {
  const filled = new Uint8Array(count);
  entropy.fill(filled);
  return filled;
}
