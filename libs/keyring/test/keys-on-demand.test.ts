import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import type { Keyring, UserRef } from '../src/index.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, keyRecords, secret, turn } from './process.js';

const notSeen = { outcome: 'unavailable', reason: 'key-not-seen' };
const isRead = { outcome: 'value', value: secret };

interface Sealed {
  readonly userRef: UserRef;
  readonly envelope: Uint8Array;
}

/**
 * A topic with the keys of some users, and a process that has room for only a few of them: those that stand first. The seed decides whose
 * these are, since pseudonyms are hashes under a secret that is drawn.
 */
async function crowd(count: number, keysInMemory: number) {
  const topic = new InMemoryKeyTopic({ partitions: 2 });
  const writer = await openTestKeyring({ topic, entropy: new SeededEntropy(1) });
  const sealed: Sealed[] = [];
  const refs = Array.from({ length: count }, (_, index) => writer.userRef(`user ${index}`));
  await writer.ensureKeys(refs);
  for (const userRef of refs) sealed.push({ userRef, envelope: writer.seal(userRef, binding, secret) });
  const log = topic.open();
  const keyring = await openTestKeyring({ log, keysInMemory, entropy: new SeededEntropy(2) });
  const alarms: string[] = [];
  keyring.onAlarm(({ code }) => alarms.push(code));
  return { topic, log, writer, keyring, sealed, alarms };
}

const outcomes = (keyring: Keyring, sealed: readonly Sealed[], caughtUp = false) =>
  sealed.map(({ envelope }) => keyring.open(binding, envelope, { caughtUp }));
const refsOf = (sealed: readonly Sealed[]) => sealed.map(({ userRef }) => userRef);

test('a key that had no room is read again when it is asked for, and what runs right after finds it', async () => {
  const { keyring, sealed, alarms } = await crowd(40, 10);
  assert.deepEqual(keyring.size(), { users: 40, keys: 40, forgotten: 0 });
  const absent = sealed.filter(({ envelope }) => keyring.open(binding, envelope).outcome !== 'value');
  assert.equal(absent.length, 30);
  assert.deepEqual(outcomes(keyring, absent), Array(30).fill(notSeen));
  assert.deepEqual(outcomes(keyring, absent, true), Array(30).fill(notSeen), 'seen, so never an alarm');
  for (let from = 0; from < sealed.length; from += 5) {
    const some = sealed.slice(from, from + 5);
    await keyring.catchUp(refsOf(some));
    assert.deepEqual(outcomes(keyring, some, true), Array(some.length).fill(isRead));
  }
  assert.deepEqual(alarms, []);
});

test('two that ask for all they may at the same time both find their keys', async () => {
  const { keyring, sealed } = await crowd(40, 10);
  const ask = async (some: readonly Sealed[]) => {
    await keyring.catchUp(refsOf(some));
    return outcomes(keyring, some, true);
  };
  const asked = [sealed.slice(30, 35), sealed.slice(35)];
  assert.deepEqual(await Promise.all(asked.map(ask)), [Array(5).fill(isRead), Array(5).fill(isRead)]);
});

test('what writes finds its key after ensureKeys, one that was evicted and one that is new', async () => {
  const { keyring, sealed } = await crowd(40, 4);
  for (const { userRef } of sealed.slice(20)) {
    await keyring.ensureKeys([userRef]);
    const envelope = keyring.seal(userRef, binding, secret);
    assert.deepEqual(keyring.open(binding, envelope), isRead);
  }
  assert.throws(
    () => keyring.seal(sealed[20]?.userRef as UserRef, binding, secret),
    failsWith('KEY_MISSING'),
  );
  const isNew = keyring.userRef('somebody new');
  await keyring.ensureKeys([isNew]);
  keyring.seal(isNew, binding, secret);
  assert.equal(keyring.size().keys, 41, 'nobody was given a second key');
});

test('who asks for more keys than there is room for is told so', async () => {
  const { keyring, sealed } = await crowd(12, 10);
  await assert.rejects(keyring.catchUp(refsOf(sealed)), failsWith('KEY_LIMIT'));
  await assert.rejects(keyring.ensureKeys(refsOf(sealed)), failsWith('KEY_LIMIT'));
  await assert.rejects(crowd(0, 0), failsWith('KEY_LIMIT'));
});

test('forgetting ends keys that are not in memory as it ends others: by fingerprint, all at once', async () => {
  const { topic, keyring, writer, sealed } = await crowd(40, 4);
  const fences = await keyring.forgetMany(refsOf(sealed));
  assert.ok(fences.every(({ fingerprints }) => fingerprints.length === 1));
  await writer.catchUp(refsOf(sealed));
  for (const process of [keyring, writer]) {
    assert.deepEqual(new Set(outcomes(process, sealed).map(({ outcome }) => outcome)), new Set(['erased']));
    assert.deepEqual(process.size(), { users: 0, keys: 0, forgotten: 40 });
  }
  topic.compact({ dropTombstones: true });
  assert.deepEqual(
    refsOf(sealed).flatMap((userRef) => keyRecords(topic, keyring, userRef)),
    [],
  );
});

test('a key that is forgotten while it is loaded is not loaded', async () => {
  const { keyring, writer, sealed } = await crowd(40, 4);
  const last = sealed.at(-1);
  assert.ok(last);
  const loading = keyring.catchUp([last.userRef]);
  await Promise.all([loading, writer.forget(last.userRef)]);
  await keyring.catchUp([last.userRef]);
  assert.equal(keyring.open(binding, last.envelope).outcome, 'erased');
});

test('a key whose record is gone, with nothing in its place, is an alarm and lost', async () => {
  const { log, keyring, sealed, alarms } = await crowd(40, 4);
  const last = sealed.at(-1) as Sealed;
  log.read = (_partition, offsets) => Promise.resolve(offsets.map(() => null));
  await keyring.catchUp([last.userRef]);
  assert.deepEqual(alarms, ['KEY_LOST']);
  const outcome = keyring.open(binding, last.envelope, { caughtUp: true });
  assert.deepEqual(outcome, { outcome: 'invalid', reason: 'key-unknown' });
  assert.equal(keyring.size().keys, 39);
});

test('a key that was wrapped anew and whose old record is compacted away is found where it stands now', async () => {
  const { topic, log, keyring, sealed, alarms } = await crowd(40, 4);
  const last = sealed.at(-1) as Sealed;
  const [record] = keyRecords(topic, keyring, last.userRef);
  assert.ok(record);
  log.hold();
  topic.append(record.partition, [record]);
  topic.compact();
  const loading = keyring.ensureKeys([last.userRef]);
  await turn();
  log.release();
  await loading;
  assert.deepEqual(keyring.open(binding, last.envelope), isRead);
  assert.deepEqual(alarms, []);
});

test('a record that is another one when it is read again is an alarm, and no key', async () => {
  const { topic, log, keyring, sealed, alarms } = await crowd(40, 4);
  const [one, other] = sealed.slice(-20).filter(({ userRef }) => keyring.partitionOf(userRef) === 0);
  assert.ok(one && other);
  const [record] = keyRecords(topic, keyring, one.userRef);
  const [foreign] = keyRecords(topic, keyring, other.userRef);
  assert.ok(record?.value && foreign);
  const flipped = record.value.slice();
  flipped[80] = (flipped[80] ?? 0) ^ 1;
  for (const changed of [{ ...record, value: flipped }, foreign]) {
    log.read = () => Promise.resolve([changed]);
    await keyring.catchUp([one.userRef]);
    assert.deepEqual(keyring.open(binding, one.envelope, { caughtUp: true }), notSeen);
  }
  assert.deepEqual(new Set(alarms), new Set(['KEY_RECORD_UNAUTHENTIC', 'KEY_RECORD_CONFLICT']));
});

test('while the log cannot be read, a key that is not in memory is retriable, and the others serve on', async () => {
  const { topic, keyring, sealed } = await crowd(40, 10);
  const here = sealed.filter(({ envelope }) => keyring.open(binding, envelope).outcome === 'value');
  const absent = sealed.filter((each) => !here.includes(each));
  topic.down = true;
  await assert.rejects(keyring.catchUp(refsOf(absent.slice(0, 1))), failsWith('KEYRING_UNAVAILABLE'));
  assert.deepEqual(outcomes(keyring, here), Array(10).fill(isRead));
  topic.down = false;
  await keyring.catchUp(refsOf(absent.slice(0, 1)));
  assert.deepEqual(outcomes(keyring, absent.slice(0, 1)), [isRead]);
});

test('the epoch turns for keys that are not in memory as for the others', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock, partitions: 2 });
  const service = new InMemoryMasterKeyService();
  const open = async (keysInMemory: number) =>
    openTestKeyring({ topic, clock, masterKeys: await service.open(), keysInMemory });
  const writer = await open(100);
  const refs = Array.from({ length: 40 }, (_, index) => writer.userRef(`user ${index}`));
  await writer.ensureKeys(refs);
  const sealed = refs.map((userRef) => ({ userRef, envelope: writer.seal(userRef, binding, secret) }));
  await writer.close();
  const keyring = await open(6);
  let isOver = false;
  const turning = keyring.advanceEpoch().finally(() => (isOver = true));
  turning.catch(() => undefined);
  for (let second = 0; second < 200 && !isOver; second++) await clock.advanceAsync(1_000);
  await turning;
  await keyring.catchUp(refs.slice(0, 3));
  assert.deepEqual(outcomes(keyring, sealed.slice(0, 3)), Array(3).fill(isRead));
  topic.compact({ dropTombstones: true });
  const fresh = await open(100);
  assert.deepEqual(outcomes(fresh, sealed), Array(40).fill(isRead));
});

test('who uses a key while it is told of another’s end sees no other user’s bytes under it later', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const keyring = await openTestKeyring({ topic, keysInMemory: 2 });
  const [ada, ...others] = ['ada', 'ben', 'cyd', 'dan'].map((id) => keyring.userRef(id));
  assert.ok(ada);
  await keyring.ensureKeys([ada]);
  const envelope = keyring.seal(ada, binding, secret);
  await keyring.rotate([ada]);
  keyring.onAlarm(() => void keyring.seal(ada, binding, secret));
  const second = keyRecords(topic, keyring, ada)[1];
  assert.ok(second);
  topic.append(0, [{ key: second.key, value: null }]);
  await keyring.catchUp([ada]);
  for (const other of others) await keyring.ensureKeys([other]);
  assert.deepEqual(keyring.open(binding, envelope), notSeen);
  await keyring.catchUp([ada]);
  assert.deepEqual(keyring.open(binding, envelope), isRead);
});
