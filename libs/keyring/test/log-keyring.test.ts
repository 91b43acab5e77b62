import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import {
  KeyringError,
  nudgeRecord,
  parseRecordKey,
  parseUserRef,
  type Binding,
  type Keyring,
  type KeyringErrorCode,
  type KeyLogRecord,
  type UserRef,
} from '../src/index.js';
import { InMemoryKeyTopic, openTestKeyring, type InMemoryKeyLog } from '../src/testing/index.js';

const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const secret = new TextEncoder().encode('a personal value');
const failsWith = (code: KeyringErrorCode) => (error: unknown) =>
  error instanceof KeyringError && error.code === code;
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Process {
  readonly keyring: Keyring;
  readonly log: InMemoryKeyLog;
  readonly alarms: string[];
}

/** A keyring that stands for one process on the topic. */
async function start(topic: InMemoryKeyTopic): Promise<Process> {
  const log = topic.open();
  const keyring = await openTestKeyring({ log, clock: new ManualClock() });
  const alarms: string[] = [];
  keyring.onAlarm(({ code }) => alarms.push(code));
  return { keyring, log, alarms };
}

function keyRecords(topic: InMemoryKeyTopic, keyring: Keyring, userRef: UserRef) {
  return topic.records(keyring.partitionOf(userRef)).filter(({ key }) => {
    const name = parseRecordKey(key);
    return name?.kind === 'user-key' && name.userRef === userRef;
  });
}

test('design 4.1: user ids are checked, and only their keyed hash comes out', async () => {
  const keyring = await openTestKeyring();
  for (const bad of ['', 'x'.repeat(513), 'ü'.repeat(257), '\ud800', 'a\udc00b']) {
    assert.throws(() => keyring.userRef(bad), failsWith('USER_ID_INVALID'));
  }
  for (const good of ['x', 'x'.repeat(512), 'ü'.repeat(256), '😀', ' ']) {
    assert.match(keyring.userRef(good), /^[0-9a-f]{32}$/);
  }
  assert.throws(
    () => keyring.userRef('somebody'.repeat(100)),
    (error: Error) => !error.message.includes('somebody'),
  );
  assert.throws(() => parseUserRef('somebody'), failsWith('USER_REF_INVALID'));
});

test('design 4.2: two kids of one user both decrypt, and forgetting tombstones both', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  one.log.hold();
  two.log.hold();
  const userRef = one.keyring.userRef('ada');
  const minted = Promise.all([one.keyring.ensureKeys([userRef]), two.keyring.ensureKeys([userRef])]);
  await turn();
  one.log.release();
  two.log.release();
  await minted;
  assert.equal(keyRecords(topic, one.keyring, userRef).length, 2);
  assert.equal(one.keyring.size().keys, 2);
  const envelope = one.keyring.seal(userRef, binding, secret);
  assert.deepEqual(envelope.slice(0, 30), two.keyring.seal(userRef, binding, secret).slice(0, 30));
  await two.keyring.forget(userRef);
  const kids = keyRecords(topic, one.keyring, userRef);
  assert.deepEqual(
    kids.map(({ value }) => value === null),
    [false, false, true, true],
  );
  assert.equal(new Set(kids.slice(2).map(({ key }) => String(key))).size, 2);
});

test('design 4.3: a key that was written but not read back is not used', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, log } = await start(topic);
  const userRef = keyring.userRef('ada');
  log.hold();
  let ready = false;
  const minting = keyring.ensureKeys([userRef]).then(() => {
    ready = true;
  });
  await turn();
  assert.equal(keyRecords(topic, keyring, userRef).length, 1);
  assert.equal(ready, false);
  assert.equal(keyring.state(userRef), 'unknown');
  assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEY_MISSING'));
  log.release();
  await minting;
  assert.equal(keyring.seal(userRef, binding, secret).length, 86 + secret.length);
});

test('design 4.4: not arrived yet, erased and never there are three things', async () => {
  const topic = new InMemoryKeyTopic();
  const [writer, reader] = [await start(topic), await start(topic)];
  const userRef = writer.keyring.userRef('ada');
  reader.log.hold();
  await writer.keyring.ensureKeys([userRef]);
  const envelope = writer.keyring.seal(userRef, binding, secret);
  assert.deepEqual(reader.keyring.open(binding, envelope), {
    outcome: 'unavailable',
    reason: 'key-not-seen',
  });
  reader.log.release();
  await reader.keyring.catchUp([userRef]);
  assert.deepEqual(reader.keyring.open(binding, envelope, { caughtUp: true }), {
    outcome: 'value',
    value: secret,
  });
  const { erasedAt } = await writer.keyring.forget(userRef);
  await reader.keyring.catchUp([userRef]);
  assert.deepEqual(reader.keyring.open(binding, envelope), { outcome: 'erased', lifecycle: 1, erasedAt });
});

test('design 4.4: a forgetting keyring learns the keys that others wrote before', async () => {
  const topic = new InMemoryKeyTopic();
  const [writer, forgetter] = [await start(topic), await start(topic)];
  const userRef = writer.keyring.userRef('ada');
  forgetter.log.hold();
  await writer.keyring.ensureKeys([userRef]);
  const forgetting = forgetter.keyring.forget(userRef);
  await turn();
  forgetter.log.release();
  assert.equal((await forgetting).fingerprints.length, 1);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, writer.keyring, userRef), []);
});

test('design 4.4: calls to forget at the same time share one fence; two processes agree on the last', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const userRef = one.keyring.userRef('ada');
  await one.keyring.ensureKeys([userRef]);
  const [first, again] = await Promise.all([one.keyring.forget(userRef), one.keyring.forget(userRef)]);
  assert.equal(first, again);
  const other = one.keyring.userRef('bob');
  await Promise.all([one.keyring.forget(other), two.keyring.forget(other)]);
  await Promise.all([one.keyring.catchUp([other]), two.keyring.catchUp([other])]);
  assert.deepEqual(one.keyring.fence(other), two.keyring.fence(other));
  assert.deepEqual([one.alarms, two.alarms], [[], []]);
});

test('design 4.5: a mint that races a forget is refused, and what it wrote is buried', async () => {
  const topic = new InMemoryKeyTopic();
  const [minter, forgetter] = [await start(topic), await start(topic)];
  const userRef = minter.keyring.userRef('ada');
  minter.log.hold();
  await forgetter.keyring.forget(userRef);
  const minting = assert.rejects(minter.keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
  await turn();
  assert.equal(keyRecords(topic, minter.keyring, userRef).length, 1);
  minter.log.release();
  await minting;
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, minter.keyring, userRef), []);
  assert.deepEqual(minter.keyring.size(), { users: 0, keys: 0, forgotten: 1 });
});

test('design 4.5: a key minted between barrier and fence is buried by the one who forgets', async () => {
  const topic = new InMemoryKeyTopic();
  const [minter, forgetter] = [await start(topic), await start(topic)];
  const userRef = minter.keyring.userRef('ada');
  const barrier = forgetter.log.caughtUp.bind(forgetter.log);
  forgetter.log.caughtUp = async (partition) => {
    await barrier(partition);
    forgetter.log.hold();
    await minter.keyring.ensureKeys([userRef]);
    setImmediate(() => forgetter.log.release());
  };
  const fence = await forgetter.keyring.forget(userRef);
  assert.deepEqual(fence.fingerprints, []);
  assert.throws(() => minter.keyring.seal(userRef, binding, secret), failsWith('USER_FORGOTTEN'));
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, minter.keyring, userRef), []);
});

test('design 4.5: a dead record that cannot be buried now stays listed, and is buried later', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const userRef = one.keyring.userRef('ada');
  one.log.hold();
  await two.keyring.forget(userRef);
  const minting = assert.rejects(one.keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
  await turn();
  topic.down = true;
  one.log.release();
  await minting;
  assert.deepEqual(one.alarms, ['DEAD_RECORD_NOT_BURIED']);
  assert.equal(one.keyring.deadRecords().length, 1);
  await assert.rejects(one.keyring.buryDead(), failsWith('KEYRING_UNAVAILABLE'));
  topic.down = false;
  assert.equal(await one.keyring.buryDead(), 1);
  assert.equal(await one.keyring.buryDead(), 0);
});

test('design 4.6: late fences of an older lifecycle take nothing back, also after compaction', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  const partition = keyring.partitionOf(userRef);
  await keyring.forget(userRef);
  const oldFence = topic.records(partition).find(({ key }) => parseRecordKey(key)?.kind === 'fence');
  assert.ok(oldFence);
  assert.equal(await keyring.beginLifecycle(userRef), 2);
  const envelope = keyring.seal(userRef, binding, secret);
  topic.append(partition, [oldFence]);
  await keyring.catchUp([userRef]);
  assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
  await keyring.forget(userRef);
  topic.append(partition, [oldFence]);
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  assert.equal(restarted.keyring.fence(userRef)?.lifecycle, 2);
  assert.equal(restarted.keyring.open(binding, envelope, { caughtUp: true }).outcome, 'erased');
  assert.deepEqual(restarted.alarms, []);
});

test('design 4.6: beginning a lifecycle that is forgotten meanwhile is refused', async () => {
  const topic = new InMemoryKeyTopic();
  const [beginner, forgetter] = [await start(topic), await start(topic)];
  const userRef = beginner.keyring.userRef('ada');
  await forgetter.keyring.forget(userRef);
  const barrier = beginner.log.caughtUp.bind(beginner.log);
  beginner.log.caughtUp = async (partition) => {
    await barrier(partition);
    beginner.log.hold();
    await forgetter.keyring.beginLifecycle(userRef);
    await forgetter.keyring.forget(userRef);
    setImmediate(() => beginner.log.release());
  };
  await assert.rejects(beginner.keyring.beginLifecycle(userRef), failsWith('USER_FORGOTTEN'));
  assert.equal(beginner.keyring.fence(userRef)?.lifecycle, 2);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, beginner.keyring, userRef), []);
});

test('design 4.7: a key that vanished without a fence is an alarm and invalid, never erased', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, alarms } = await start(topic);
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  const [record] = keyRecords(topic, keyring, userRef);
  assert.ok(record);
  topic.append(record.partition, [{ key: record.key, value: null }]);
  await keyring.catchUp([userRef]);
  const restarted = await start(topic);
  for (const process of [{ keyring, alarms }, restarted]) {
    assert.deepEqual(process.alarms, ['KEY_LOST']);
    assert.equal(process.keyring.open(binding, envelope).outcome, 'unavailable');
    assert.deepEqual(process.keyring.open(binding, envelope, { caughtUp: true }), {
      outcome: 'invalid',
      reason: 'key-unknown',
    });
    assert.equal(process.keyring.state(userRef), 'unknown');
  }
});

test('design 4.7: a tombstone before its fence in the first replay is no alarm', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  await keyring.forget(userRef);
  const partition = keyring.partitionOf(userRef);
  const records = topic.records(partition);
  const shuffled = new InMemoryKeyTopic();
  shuffled.append(
    0,
    topic.records(0).filter(({ key }) => parseRecordKey(key)?.kind === 'deployment'),
  );
  const own = records.filter(({ key }) => Buffer.from(key).toString('latin1').startsWith(userRef));
  const [key, fence, tombstone] = own;
  assert.ok(key && fence && tombstone);
  shuffled.append(partition, [key, tombstone, fence]);
  const restarted = await start(shuffled);
  assert.deepEqual(restarted.alarms, []);
  assert.equal(restarted.keyring.state(userRef), 'forgotten');
});

test('design 4.7: every flipped bit of a fence and of a key record is an alarm and changes nothing', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring, alarms } = await start(topic);
  const [ada, gone] = [keyring.userRef('ada'), keyring.userRef('gone')];
  await keyring.ensureKeys([ada, gone]);
  const envelope = keyring.seal(ada, binding, secret);
  const [keyRecord] = keyRecords(topic, keyring, ada);
  await keyring.forget(gone);
  const fence = topic.records(0).find(({ key }) => parseRecordKey(key)?.kind === 'fence');
  assert.ok(keyRecord?.value && fence?.value);
  const forged: KeyLogRecord[] = [
    // Another user's fence under ada's name; ada's key under a kid of her own choosing, and under another user.
    { key: new TextEncoder().encode(ada), value: fence.value },
    { key: new TextEncoder().encode(`${ada}#${'0'.repeat(16)}`), value: keyRecord.value },
    {
      key: new TextEncoder().encode(`${keyring.userRef('eve')}#${keyName(keyRecord.key)}`),
      value: keyRecord.value,
    },
    { key: new TextEncoder().encode(`${gone}/2`), value: fence.value },
    { key: fence.key, value: new Uint8Array(0) },
    { key: keyRecord.key, value: new Uint8Array(0) },
  ];
  for (const { key, value } of [keyRecord, fence]) {
    for (let bit = 0; bit < (value?.length ?? 0) * 8; bit++) {
      const changed = value?.slice() ?? new Uint8Array(0);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      forged.push({ key, value: changed });
    }
  }
  for (const record of forged) {
    const before = alarms.length;
    topic.append(0, [record]);
    await keyring.catchUp([ada]);
    assert.equal(alarms.length, before + 1);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    assert.deepEqual(keyring.fence(ada), null);
    assert.equal(keyring.state(gone), 'forgotten');
    assert.deepEqual(keyring.deadRecords(), []);
  }
  assert.ok(
    alarms.every((code) => /^(FENCE_UNAUTHENTIC|KEY_RECORD_UNAUTHENTIC|KEY_RECORD_UNREADABLE)$/.test(code)),
  );
  assert.deepEqual(keyring.size(), { users: 1, keys: 1, forgotten: 1 });
});

test('design 4.7: a tampered key record makes its data invalid or unavailable, never erased', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  const [record] = keyRecords(topic, keyring, userRef);
  assert.ok(record?.value);
  const outcomes = new Map<number, unknown>([
    [0, { outcome: 'unavailable', reason: 'master-key-unavailable' }], // version 3
    [5, { outcome: 'unavailable', reason: 'master-key-unavailable' }], // another epoch
    [9, { outcome: 'invalid', reason: 'key-record' }],
    [50, { outcome: 'invalid', reason: 'key-record' }],
  ]);
  for (const [at, expected] of outcomes) {
    const value = record.value.slice();
    value[at] = (value[at] ?? 0) ^ 2;
    topic.append(0, [{ key: record.key, value }]);
    topic.compact();
    const restarted = await start(topic);
    assert.deepEqual(restarted.keyring.open(binding, envelope, { caughtUp: true }), expected);
    assert.equal(restarted.alarms.length, 1);
  }
  topic.append(0, [{ key: record.key, value: record.value }]);
  topic.append(0, [{ key: new TextEncoder().encode(userRef), value: new Uint8Array(31) }]);
  topic.append(0, [{ key: record.key, value: null }]);
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  assert.deepEqual(restarted.keyring.open(binding, envelope, { caughtUp: true }), {
    outcome: 'invalid',
    reason: 'fence-mac',
  });
});

test('forgetting clears unauthentic records under the user’s name, but no record of a newer epoch', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const [record] = keyRecords(topic, keyring, userRef);
  assert.ok(record?.value);
  const under = (kid: string, value: Uint8Array) => ({
    key: new TextEncoder().encode(`${userRef}#${kid}`),
    value,
  });
  const newer = record.value.slice();
  newer[5] = 9;
  newer[9] = 2;
  topic.append(0, [under('1'.repeat(16), new Uint8Array(82)), under('2'.repeat(16), newer)]);
  await keyring.forget(userRef);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(
    keyRecords(topic, keyring, userRef).map(({ key }) => keyName(key)),
    ['2'.repeat(16)],
  );
});

test('strange and misplaced records are alarms; nudges and deployment records are not', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 2 });
  const { keyring, alarms } = await start(topic);
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const partition = keyring.partitionOf(userRef);
  const [record] = keyRecords(topic, keyring, userRef);
  assert.ok(record);
  topic.append(1 - partition, [nudgeRecord(), record, { key: Uint8Array.of(255, 0), value: null }]);
  topic.append(1 - partition, [{ key: new TextEncoder().encode(`${userRef}/1`), value: null }]);
  await Promise.all([0, 1].map((each) => keyring.catchUp([userRefIn(keyring, each)])));
  assert.deepEqual(alarms, ['RECORD_MISPLACED', 'RECORD_UNKNOWN', 'RECORD_UNKNOWN']);
  assert.equal(keyring.size().keys, 1);
});

test('an outage is KEYRING_UNAVAILABLE and retriable; a lost acknowledgement leads to a second key, not to harm', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  topic.down = true;
  for (const call of [
    () => keyring.ensureKeys([userRef]),
    () => keyring.forget(userRef),
    () => keyring.catchUp([userRef]),
    () => keyring.beginLifecycle(userRef),
  ]) {
    await assert.rejects(
      call,
      (error: unknown) => failsWith('KEYRING_UNAVAILABLE')(error) && (error as KeyringError).retriable,
    );
  }
  topic.down = false;
  topic.loseNextAcknowledgement = true;
  await assert.rejects(keyring.ensureKeys([userRef]), failsWith('KEYRING_UNAVAILABLE'));
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  topic.loseNextAcknowledgement = true;
  await assert.rejects(keyring.forget(userRef), failsWith('KEYRING_UNAVAILABLE'));
  const fence = await keyring.forget(userRef);
  assert.equal(fence.lifecycle, 1);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
});

test('many users are minted in one batch a partition, and calls at the same time share it', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 3 });
  const { keyring, log } = await start(topic);
  const refs = Array.from({ length: 2500 }, (_, index) => keyring.userRef(`user ${index}`));
  const sizes: number[] = [];
  const append = log.append.bind(log);
  log.append = (partition, records) => {
    sizes.push(records.length);
    return append(partition, records);
  };
  await Promise.all([
    keyring.ensureKeys(refs),
    keyring.ensureKeys([...refs, ...refs]),
    keyring.ensureKeys(refs.slice(7)),
  ]);
  assert.equal(sizes.length, 3);
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    2500,
  );
  const perPartition = new InMemoryKeyTopic({ partitions: 1 });
  const single = await start(perPartition);
  const singleRefs = refs.map((_, index) => single.keyring.userRef(`user ${index}`));
  await single.keyring.ensureKeys(singleRefs);
  assert.equal(single.keyring.size().keys, 2500);
  assert.equal(perPartition.end(0), 2501n);
});

test('a batch with a forgotten user is refused before anything is written', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const [gone, fresh] = [keyring.userRef('gone'), keyring.userRef('fresh')];
  await keyring.forget(gone);
  await assert.rejects(keyring.ensureKeys([fresh, gone]), failsWith('USER_FORGOTTEN'));
  assert.deepEqual(keyRecords(topic, keyring, fresh), []);
  assert.equal(keyring.state(fresh), 'unknown');
});

test('a closed keyring refuses, and says so', async () => {
  const { keyring } = await start(new InMemoryKeyTopic());
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  await Promise.all([keyring.close(), keyring.close()]);
  assert.deepEqual(keyring.open(binding, envelope), { outcome: 'unavailable', reason: 'closed' });
  assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEYRING_CLOSED'));
  assert.throws(() => keyring.userRef('x'), failsWith('KEYRING_CLOSED'));
  assert.throws(() => keyring.userRefOf(envelope), failsWith('KEYRING_CLOSED'));
  await assert.rejects(keyring.ensureKeys([userRef]), failsWith('KEYRING_CLOSED'));
  await assert.rejects(keyring.forget(userRef), failsWith('KEYRING_CLOSED'));
});

test('closing while a mint is under way ends it as closed', async () => {
  const { keyring, log } = await start(new InMemoryKeyTopic());
  log.hold();
  const minting = assert.rejects(keyring.ensureKeys([keyring.userRef('ada')]), failsWith('KEYRING_CLOSED'));
  await turn();
  await keyring.close();
  await minting;
});

test('design 4.13 and 4.15: neither inspection nor errors nor alarms show keys or user ids', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('a-recognizable-user');
  await keyring.ensureKeys([userRef]);
  const messages: string[] = [];
  keyring.onAlarm(({ message }) => messages.push(message));
  topic.append(0, [
    { key: new TextEncoder().encode(userRef), value: null },
    { key: new TextEncoder().encode('junk'), value: null },
  ]);
  await keyring.forget(userRef);
  await keyring.ensureKeys([userRef]).catch((error: unknown) => messages.push(inspect(error, { depth: 9 })));
  messages.push(inspect(keyring, { depth: 9, showHidden: true }));
  assert.equal(messages.length, 3);
  for (const message of messages) {
    assert.equal(message.includes('recognizable') || message.includes(userRef), false, message);
  }
  assert.match(messages[2] ?? '', /^LogKeyring \{ users: 0, keys: 0, forgotten: 1 \}$/);
});

test('list and size say what stands', async () => {
  const { keyring } = await start(new InMemoryKeyTopic({ partitions: 1 }));
  const [ada, gone] = [keyring.userRef('ada'), keyring.userRef('gone')];
  await keyring.ensureKeys([ada, gone]);
  await keyring.forget(gone);
  const listed = [...keyring.list()].map(({ userRef, state, lifecycle, kids }) => [
    userRef,
    state,
    lifecycle,
    kids.length,
  ]);
  assert.deepEqual(listed, [
    [ada, 'active', 1, 1],
    [gone, 'forgotten', 1, 0],
  ]);
  assert.deepEqual(keyring.size(), { users: 1, keys: 1, forgotten: 1 });
});

function keyName(key: Uint8Array): string {
  const name = parseRecordKey(key);
  return name?.kind === 'user-key' ? name.kid : '';
}

function userRefIn(keyring: Keyring, partition: number): UserRef {
  for (let index = 0; ; index++) {
    const userRef = keyring.userRef(`probe ${index}`);
    if (keyring.partitionOf(userRef) === partition) return userRef;
  }
}
