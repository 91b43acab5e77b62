import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nudgeRecord, parseRecordKey, type Keyring, type KeyLogRecord, type UserRef } from '../src/index.js';
import { InMemoryKeyTopic } from '../src/testing/index.js';
import { binding, keyName, keyRecords, secret, start } from './process.js';

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
  let counted = 0;
  for (const record of forged) {
    const before = alarms.length;
    topic.append(0, [record]);
    await keyring.catchUp([ada]);
    // Those of a version or epoch that is not at hand come as counts after the first few.
    if (alarms.length === before) counted++;
    else assert.equal(alarms.length, before + 1);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    assert.deepEqual(keyring.fence(ada), null);
    assert.equal(keyring.state(gone), 'forgotten');
    assert.deepEqual(keyring.deadRecords(), []);
  }
  const unreadable = alarms.filter((code) => code === 'KEY_RECORD_UNREADABLE').length;
  // 7 bits of the version, 32 of the epoch.
  assert.ok(unreadable >= 3 && unreadable + counted === 7 + 32, `${unreadable} told, ${counted} counted`);
  assert.ok(
    alarms.every((code) =>
      /^(FENCE_UNAUTHENTIC|KEY_RECORD_UNAUTHENTIC|KEY_RECORD_UNREADABLE|RETIREMENT_UNAUTHENTIC)$/.test(code),
    ),
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

test('forgetting clears unauthentic records under the user’s name, but no later record of a newer epoch', async () => {
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
  topic.append(0, [under('1'.repeat(16), new Uint8Array(82)), under('3'.repeat(16), newer)]);
  await keyring.forget(userRef);
  topic.append(0, [under('2'.repeat(16), newer)]);
  await keyring.catchUp([userRef]);
  assert.equal(await keyring.buryDead(), 0);
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

function userRefIn(keyring: Keyring, partition: number): UserRef {
  for (let index = 0; ; index++) {
    const userRef = keyring.userRef(`probe ${index}`);
    if (keyring.partitionOf(userRef) === partition) return userRef;
  }
}

test('design 4.5: forgetting tombstones also what stood there under a version or epoch that nobody knows', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring, alarms } = await start(topic);
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  const [living] = keyRecords(topic, keyring, ada);
  const foreign = new TextEncoder().encode(`${ada}#${'0'.repeat(16)}`);
  const garbage = new Uint8Array(90).fill(9);
  topic.append(0, [
    { key: foreign, value: garbage },
    { key: living!.key, value: garbage },
  ]);
  await keyring.forget(ada);
  assert.deepEqual(alarms, ['KEY_RECORD_UNREADABLE', 'KEY_RECORD_UNREADABLE']);
  const last = new Map(keyRecords(topic, keyring, ada).map(({ key, value }) => [keyName(key), value]));
  assert.deepEqual([...last.values()], [null, null]);
  assert.deepEqual(keyring.deadRecords(), []);

  // After the fence it may be a key of a new lifecycle: that stays.
  topic.append(0, [{ key: foreign, value: garbage }]);
  await keyring.catchUp([ada]);
  assert.deepEqual(keyring.deadRecords(), []);
});

test('a deployment record that is tombstoned, garbled or forged is an alarm; the same again is none', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring, alarms } = await start(topic);
  const [own] = topic.records(0).filter(({ key }) => parseRecordKey(key)?.kind === 'deployment');
  const { key, value } = own!;
  const changed = (at: number): Uint8Array => value!.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const told: number[] = [];
  for (const next of [value, changed(4), null, changed(value!.length - 1), new Uint8Array(3)]) {
    topic.append(0, [{ key, value: next }]);
    await keyring.catchUp([keyring.userRef('ada')]);
    told.push(alarms.length);
  }
  assert.deepEqual(told, [0, 1, 2, 3, 4]);
  assert.deepEqual(new Set(alarms), new Set(['DEPLOYMENT_CHANGED']));
});
