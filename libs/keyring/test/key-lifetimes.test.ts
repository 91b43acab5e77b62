import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import type { KeyPolicy, Keyring, UserRef } from '../src/index.js';
import { KeyLogBehind } from '../src/testing/key-log-behind.js';
import { InMemoryKeyTopic, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, keyRecords, secret } from './process.js';

const day = 86_400_000;

async function opened(policy: KeyPolicy): Promise<{
  topic: InMemoryKeyTopic;
  clock: ManualClock;
  keyring: Keyring;
  ada: UserRef;
  open: () => Promise<Keyring>;
}> {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const open = () => openTestKeyring({ topic, clock, policies: { '': policy } });
  const keyring = await open();
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  return { topic, clock, keyring, ada, open };
}

const kidOf = (envelope: Uint8Array): string => Buffer.from(envelope.slice(14, 22)).toString('hex');

test('a new key is made on demand, every process uses it, and old values stay readable', async () => {
  const { keyring, ada, open } = await opened({});
  const before = keyring.seal(ada, binding, secret);
  const other = await open();
  await Promise.all([keyring.rotate([ada]), other.rotate([ada])]);
  await Promise.all([keyring.catchUp([ada]), other.catchUp([ada])]);
  const after = keyring.seal(ada, binding, secret);
  assert.notEqual(kidOf(after), kidOf(before));
  assert.equal(kidOf(other.seal(ada, binding, secret)), kidOf(after), 'both take the first of the two');
  for (const envelope of [before, after]) assert.equal(other.open(binding, envelope).outcome, 'value');
  assert.equal((await keyring.forget(ada)).fingerprints.length, 3);
  for (const envelope of [before, after]) assert.equal(keyring.open(binding, envelope).outcome, 'erased');
});

test('a key is rotated by its age, counted from the log’s append time, and by its uses', async () => {
  const { clock, keyring, ada, open } = await opened({ rotateAfterMs: 2 * day, rotateAfterUses: 3 });
  const first = kidOf(keyring.seal(ada, binding, secret));
  await clock.advanceAsync(2 * day - 1);
  await keyring.ensureKeys([ada]);
  assert.equal(kidOf(keyring.seal(ada, binding, secret)), first);
  await clock.advanceAsync(1);
  const restarted = await open();
  await restarted.ensureKeys([ada]);
  const second = kidOf(restarted.seal(ada, binding, secret));
  assert.notEqual(second, first, 'a restart does not make a key younger');
  for (let uses = 1; uses < 3; uses++) restarted.seal(ada, binding, secret);
  await restarted.ensureKeys([ada]);
  assert.notEqual(kidOf(restarted.seal(ada, binding, secret)), second);
});

test('a wall clock that is set back gives no key a longer life', async () => {
  const { clock, keyring, ada } = await opened({ lifetimeMs: 2 * day });
  const envelope = keyring.seal(ada, binding, secret);
  await clock.advanceAsync(day);
  clock.setWall(clock.now() - day);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  await clock.advanceAsync(day);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
});

test('a key ends with its lifetime, and with it what it encrypted; the statement of that takes its place in the log', async () => {
  const { topic, clock, keyring, ada, open } = await opened({ lifetimeMs: 2 * day });
  const envelope = keyring.seal(ada, binding, secret);
  const [record] = keyRecords(topic, keyring, ada);
  assert.ok(record);
  const endsAt = record.timestamp + 2 * day;
  const ended = { outcome: 'erased', why: 'ended', lifecycle: 1, erasedAt: endsAt };
  await clock.advanceAsync(2 * day - 1);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  assert.equal(await keyring.retireEnded(), 0);
  await clock.advanceAsync(1);
  assert.deepEqual(keyring.open(binding, envelope), ended);
  assert.throws(() => keyring.seal(ada, binding, secret), failsWith('KEY_MISSING'));
  assert.equal(await keyring.retireEnded(), 1);
  assert.equal(await keyring.retireEnded(), 0);
  topic.compact({ dropTombstones: true });
  assert.equal(keyRecords(topic, keyring, ada).length, 1);
  assert.ok((keyRecords(topic, keyring, ada)[0]?.value?.length ?? 0) < 48, 'no wrapped key stands there');
  const restarted = await open();
  assert.deepEqual(restarted.open(binding, envelope), ended);
  assert.equal(restarted.state(ada), 'active');
  await restarted.ensureKeys([ada]);
  const after = restarted.seal(ada, binding, secret);
  assert.equal(restarted.open(binding, after).outcome, 'value');
  // The old record once more, from a mirror or a backup: the key stays ended.
  topic.append(record.partition, [record]);
  await restarted.catchUp([ada]);
  assert.deepEqual(restarted.open(binding, envelope), ended);
  assert.equal(await restarted.buryDead(), 1);
  assert.deepEqual((await open()).open(binding, envelope), ended);
  await restarted.forget(ada);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, keyring, ada), []);
  assert.equal((await open()).open(binding, envelope).outcome, 'erased');
});

test('a policy that cannot be kept is refused', async () => {
  const tooLong = { lifetimeMs: 2 ** 32 * 1000 };
  for (const policy of [{ lifetimeMs: 0 }, tooLong, { rotateAfterMs: -1 }, { rotateAfterUses: 1.5 }]) {
    await assert.rejects(openTestKeyring({ policies: { '': policy } }), failsWith('KEY_POLICY_INVALID'));
  }
});

test('a time that would never be over, or always is, is refused', async () => {
  for (const ms of [Number.NaN, Infinity, 0, -1, 0.5]) {
    for (const name of ['leaseMs', 'masterKeyOutageMs', 'confirmMasterKeyEveryMs'] as const) {
      await assert.rejects(openTestKeyring({ [name]: ms }), failsWith('KEY_POLICY_INVALID'));
    }
  }
});

test('the record of a key once more, from a mirror or by somebody else, gives it no longer life', async () => {
  const { topic, clock, keyring, ada } = await opened({ lifetimeMs: 2 * day });
  const envelope = keyring.seal(ada, binding, secret);
  const [record] = keyRecords(topic, keyring, ada);
  assert.ok(record);
  await clock.advanceAsync(day);
  topic.append(record.partition, [record]);
  await keyring.catchUp([ada]);
  await clock.advanceAsync(day);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
});

test('a wall clock that is a year ahead takes no key away, and makes no key over and over', async () => {
  const { clock, topic, keyring, ada } = await opened({});
  const log = { now: () => clock.now() + 365 * day, monotonic: () => clock.monotonic() };
  const ahead = { ...log, schedule: (ms: number, task: () => void) => clock.schedule(ms, task) };
  for (const policy of [{ rotateAfterMs: 30 * day }, { lifetimeMs: 30 * day }]) {
    const policies = { marketing: policy };
    const [right, wrong] = [
      await openTestKeyring({ topic, clock, policies, leaseMs: 1_000 * day }),
      await openTestKeyring({ topic, clock: ahead, policies, leaseMs: 1_000 * day }),
    ];
    await right.ensureKeys([ada], 'marketing');
    const envelope = right.seal(ada, binding, secret, 'marketing');
    const before = keyRecords(topic, keyring, ada).length;
    for (let time = 0; time < 5; time++) await wrong.ensureKeys([ada], 'marketing');
    assert.equal(await wrong.retireEnded(), 0);
    assert.equal(keyRecords(topic, keyring, ada).length, before);
    assert.equal(right.open(binding, envelope).outcome, 'value');
    await right.withdraw(ada, 'marketing');
    await right.grant(ada, 'marketing');
  }
});

test('a key that ended while nothing was appended reads as erased as soon as anybody has asked the log for its time', async () => {
  const { clock, topic, keyring, ada, open } = await opened({ lifetimeMs: 2 * day });
  const envelope = keyring.seal(ada, binding, secret);
  const unconfirmed = { outcome: 'unavailable', reason: 'end-unconfirmed' };
  await clock.advanceAsync(3 * day);
  const [consumer, idle] = [await open(), await open()];
  for (const process of [consumer, idle]) assert.deepEqual(process.open(binding, envelope), unconfirmed);
  await Promise.all([consumer.catchUp([ada]), consumer.catchUp([ada])]);
  const nudges = topic.records(0).filter(({ key }) => Buffer.from(key).toString() === '!nudge');
  assert.equal(nudges.length, 1, 'one append answers both');
  await idle.catchUp([]);
  for (const process of [consumer, idle]) {
    const ended = process.open(binding, envelope);
    assert.ok(ended.outcome === 'erased' && ended.why === 'ended');
  }
  assert.equal(await idle.retireEnded(), 1);
});

test('who may not append to the log catches up all the same, and asks for its time seldom', async () => {
  const { clock, topic, keyring, ada } = await opened({ lifetimeMs: 2 * day });
  const envelope = keyring.seal(ada, binding, secret);
  await clock.advanceAsync(3 * day);
  const log = new ReadOnlyKeyLog(topic.open());
  const reader = await openTestKeyring({ log, clock, policies: { '': { lifetimeMs: 2 * day } } });
  for (let time = 0; time < 10; time++) await reader.catchUp([ada]);
  assert.equal(log.refused, 1);
  assert.deepEqual(reader.open(binding, envelope, { caughtUp: true }), {
    outcome: 'unavailable',
    reason: 'end-unconfirmed',
  });
  assert.equal(await keyring.retireEnded(), 1);
  await reader.catchUp([ada]);
  assert.equal(reader.open(binding, envelope).outcome, 'erased');
});

/** As for a process that has no right to write. */
class ReadOnlyKeyLog extends KeyLogBehind {
  refused = 0;

  override append(): Promise<bigint> {
    this.refused++;
    return Promise.reject(new Error('simulated: not authorized'));
  }
}
