import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey, type StoredKeyLogRecord } from '../src/index.js';
import { InMemoryKeyTopic, openTestKeyring, testMasterKeys } from '../src/testing/index.js';
import { binding, failsWith, secret, start, turn } from './process.js';

// What docs/key-loss.md says of the secret behind the pseudonyms and of the master keys. The pepper: libs/privacy/test/lookups.

function deploymentRecord(topic: InMemoryKeyTopic): StoredKeyLogRecord {
  const record = topic
    .records(0)
    .find(({ key, value }) => parseRecordKey(key)?.kind === 'deployment' && value);
  assert.ok(record);
  return record;
}

test('loss of the deployment record: what runs goes on and says so, nothing starts, nothing is founded over it, restoring it restores all', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, alarms } = await start(topic);
  const [ann, ben] = [keyring.userRef('ann'), keyring.userRef('ben')];
  await keyring.ensureKeys([ann, ben]);
  const envelope = keyring.seal(ann, binding, secret);
  const record = deploymentRecord(topic);
  topic.append(0, [{ key: record.key, value: null }]);
  await keyring.catchUp([ann, ben]);
  // A read barrier on partition 0, where the record stood.
  await keyring.peppers.catchUp();
  assert.deepEqual(alarms, ['DEPLOYMENT_CHANGED']);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  await keyring.forget(ben);
  const end = topic.end(0);
  for (const compacted of [false, true]) {
    if (compacted) topic.compact({ dropTombstones: true });
    await assert.rejects(openTestKeyring({ topic }), failsWith('DEPLOYMENT_MISSING'));
  }
  assert.equal(topic.end(0), end, 'a refused start has written nothing');
  topic.append(0, [record]);
  const restored = (await start(topic)).keyring;
  assert.equal(restored.userRef('ann'), ann, 'the same pseudonyms');
  assert.equal(restored.open(binding, envelope).outcome, 'value');
  assert.equal(restored.state(ben), 'forgotten');
});

test('a forged deployment record, under its name or another, is told of; a tombstone and the true record restore the start', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, alarms } = await start(topic);
  const ann = keyring.userRef('ann');
  await keyring.ensureKeys([ann]);
  const envelope = keyring.seal(ann, binding, secret);
  const record = deploymentRecord(topic);
  const value = Uint8Array.from(record.value ?? []);
  new DataView(value.buffer).setUint32(1, 2 ** 32 - 1);
  const forged = [record.key, new TextEncoder().encode(`!deployment#${'0'.repeat(16)}`)];
  for (const key of forged) topic.append(0, [{ key, value }]);
  await keyring.peppers.catchUp();
  await turn();
  assert.deepEqual(alarms, ['DEPLOYMENT_CHANGED', 'DEPLOYMENT_CHANGED']);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  await assert.rejects(openTestKeyring({ topic }), failsWith('DEPLOYMENT_RECORD_INVALID'));
  for (const key of forged) topic.append(0, [{ key, value: null }]);
  topic.append(0, [record]);
  assert.equal((await start(topic)).keyring.open(binding, envelope).outcome, 'value');
});

test('loss of the deployment record where only look-ups were ever used: a pepper alone keeps another deployment out', async () => {
  const topic = new InMemoryKeyTopic();
  await (await start(topic)).keyring.peppers.ensure();
  topic.append(0, [{ key: deploymentRecord(topic).key, value: null }]);
  topic.compact({ dropTombstones: true });
  await assert.rejects(openTestKeyring({ topic }), failsWith('DEPLOYMENT_MISSING'));
});

test('loss of the master keys: nothing starts with others, nothing is taken for erased, and the right ones open all again', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const [ann, ben] = [keyring.userRef('ann'), keyring.userRef('ben')];
  await keyring.ensureKeys([ann, ben]);
  const envelopes = [ann, ben].map((userRef) => keyring.seal(userRef, binding, secret));
  await keyring.forget(ben);
  const pepper = await keyring.peppers.ensure();
  const ends = Array.from({ length: topic.partitionCount }, (_, partition) => topic.end(partition));
  await keyring.close();
  const masterKeys = await testMasterKeys(2);
  await assert.rejects(openTestKeyring({ topic, masterKeys }), failsWith('MASTER_KEY_MISMATCH'));
  const after = Array.from({ length: topic.partitionCount }, (_, partition) => topic.end(partition));
  assert.deepEqual(after, ends, 'a refused start has written nothing');
  const again = (await start(topic)).keyring;
  const outcomes = envelopes.map((envelope) => again.open(binding, envelope).outcome);
  assert.deepEqual(outcomes, ['value', 'erased']);
  assert.deepEqual(again.peppers.ids(), [pepper]);
});
