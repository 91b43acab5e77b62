import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { parseRecordKey, type Keyring, type StoredKeyLogRecord } from '../../src/index.js';
import { pepperName } from '../../src/record-keys.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../../src/testing/index.js';
import { failsWith, start } from '../process.js';

const value = new TextEncoder().encode('ann@example.org');
const hashesOf = ({ peppers }: Keyring): string[] =>
  peppers.ids().map((id) => peppers.hash(id, 'email', value));

function pepperRecords(topic: InMemoryKeyTopic): StoredKeyLogRecord[] {
  return topic.records(0).filter(({ key }) => parseRecordKey(key)?.kind === 'pepper');
}

test('a pepper is made once, and every process and every start hashes alike with it', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  assert.deepEqual(one.keyring.peppers.ids(), []);
  const id = await one.keyring.peppers.ensure();
  assert.equal(await two.keyring.peppers.ensure(), id);
  assert.equal(await one.keyring.peppers.ensure(), id);
  const restarted = await start(topic);
  assert.deepEqual(hashesOf(two.keyring), hashesOf(one.keyring));
  assert.deepEqual(hashesOf(restarted.keyring), hashesOf(one.keyring));
  assert.equal(pepperRecords(topic).length, 1);
  const { peppers } = one.keyring;
  assert.match(peppers.hash(id, 'email', value), /^[0-9a-f]{32}$/);
  assert.notEqual(peppers.hash(id, 'phone', value), peppers.hash(id, 'email', value));
  // The name's length stands before it: what moves from name to value is another message.
  assert.notEqual(
    peppers.hash(id, 'ab', Uint8Array.of(0x63)),
    peppers.hash(id, 'a', Uint8Array.of(0x62, 0x63)),
  );
  assert.deepEqual([...one.alarms, ...two.alarms, ...restarted.alarms], []);
});

test('a rotation puts a new one in use; the old one hashes on until it is ended, and then nowhere', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const old = await one.keyring.peppers.ensure();
  const [before] = hashesOf(one.keyring);
  const id = await one.keyring.peppers.rotate();
  await two.keyring.peppers.catchUp();
  for (const { keyring } of [one, two]) {
    assert.deepEqual(keyring.peppers.ids(), [id, old]);
    assert.equal(hashesOf(keyring)[1], before);
    assert.notEqual(hashesOf(keyring)[0], before);
  }
  await assert.rejects(two.keyring.peppers.end([id]), failsWith('PEPPER_IN_USE'));
  await two.keyring.peppers.end([old, 'ffffffffffffffff']);
  await one.keyring.peppers.catchUp();
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  for (const { keyring, alarms } of [one, two, restarted]) {
    assert.deepEqual(keyring.peppers.ids(), [id]);
    assert.throws(() => keyring.peppers.hash(old, 'email', value), failsWith('PEPPER_MISSING'));
    assert.deepEqual(alarms, []);
  }
});

test('processes that make or rotate one at the same time agree, also with those that start later', async () => {
  const topic = new InMemoryKeyTopic();
  const processes = await Promise.all([start(topic), start(topic), start(topic)]);
  await Promise.all(processes.map(({ keyring }) => keyring.peppers.ensure()));
  await Promise.all(processes.map(({ keyring }) => keyring.peppers.rotate()));
  await Promise.all(processes.map(({ keyring }) => keyring.peppers.catchUp()));
  // As a turn of the epoch does: a record that is written again stands last after compaction.
  for (const record of pepperRecords(topic).filter((_, index) => index % 2 === 0)) topic.append(0, [record]);
  topic.compact({ dropTombstones: true });
  const all = [...processes, await start(topic)].map(({ keyring }) => keyring.peppers.ids());
  assert.ok(all[0]?.length === 6);
  for (const ids of all) assert.deepEqual(ids, all[0]);
});

test('no byte of a pepper record can be changed, and none be moved to another id', async () => {
  const topic = new InMemoryKeyTopic();
  const maker = await start(topic);
  const id = await maker.keyring.peppers.ensure();
  const [record] = pepperRecords(topic);
  assert.ok(record?.value);
  const forged = [...record.value.keys()].map((at) => {
    const copy = Uint8Array.from(record.value ?? []);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  });
  forged.push(record.value.slice(0, 81), Uint8Array.from([...record.value, 0]), new Uint8Array());
  for (const bytes of forged) {
    const copy = new InMemoryKeyTopic();
    for (let partition = 0; partition < topic.partitionCount; partition++) {
      for (const other of topic.records(partition)) copy.append(partition, [other]);
    }
    const watcher = await start(copy);
    copy.append(0, [{ key: pepperName(id), value: bytes }]);
    copy.append(0, [{ key: pepperName('00000000000000ff'), value: record.value }]);
    await watcher.keyring.peppers.catchUp();
    assert.deepEqual(watcher.keyring.peppers.ids(), [id], 'what was read before stays');
    assert.deepEqual(hashesOf(watcher.keyring), hashesOf(maker.keyring));
    assert.equal(watcher.alarms.length, 2);
    assert.equal(watcher.alarms[1], 'PEPPER_UNAUTHENTIC');
    copy.compact({ dropTombstones: true });
    const restarted = await start(copy);
    assert.deepEqual(restarted.keyring.peppers.ids(), [], 'and nothing forged is taken');
  }
  topic.append(1, [record]);
  const late = await start(topic);
  assert.deepEqual(late.alarms, ['RECORD_MISPLACED']);
});

test('loss of the pepper: an alarm, and the next one that is asked for is another', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, alarms } = await start(topic);
  const id = await keyring.peppers.ensure();
  topic.append(0, [{ key: pepperName(id), value: null }]);
  await keyring.peppers.catchUp();
  assert.deepEqual(alarms, ['PEPPER_LOST']);
  assert.throws(() => keyring.peppers.hash(id, 'email', value), failsWith('PEPPER_MISSING'));
  assert.notEqual(await keyring.peppers.ensure(), id);
});

test('a pepper whose tombstone was missed while the process was away is gone when it is back', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const log = topic.open();
  const away = await openTestKeyring({ log, clock });
  const other = await openTestKeyring({ topic, clock });
  const old = await away.peppers.ensure();
  log.hold();
  const id = await other.peppers.rotate();
  await other.peppers.end([old]);
  topic.compact({ dropTombstones: true });
  await clock.advanceAsync(topic.deleteRetentionMs + 1);
  log.release();
  await away.peppers.catchUp();
  assert.deepEqual(away.peppers.ids(), [id]);
});

test('design 4.11: a turn of the master-key epoch wraps the peppers anew, and they hash as before', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const service = new InMemoryMasterKeyService();
  const open = async () => openTestKeyring({ topic, clock, masterKeys: await service.open() });
  const [keyring, other] = [await open(), await open()];
  const ids = [await keyring.peppers.ensure(), await keyring.peppers.rotate()].reverse();
  const hashes = hashesOf(keyring);
  const turn = keyring.advanceEpoch();
  let isOver = false;
  void turn.finally(() => (isOver = true));
  for (let second = 0; second < 200 && !isOver; second++) await clock.advanceAsync(1_000);
  await turn;
  topic.compact({ dropTombstones: true });
  const epochs = pepperRecords(topic).map(
    ({ value: bytes }) => bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(2),
  );
  assert.deepEqual(epochs, [2, 2]);
  await other.peppers.catchUp();
  for (const each of [keyring, other, await open()]) {
    assert.deepEqual(each.peppers.ids(), ids);
    assert.deepEqual(hashesOf(each), hashes);
  }
});

test('a process without the new master key makes no pepper, and hashes on with what it read before', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const service = new InMemoryMasterKeyService();
  const keyring = await openTestKeyring({ topic, clock, masterKeys: await service.open() });
  const id = await keyring.peppers.ensure();
  const stale = await service.open();
  const behind = await openTestKeyring({ topic, clock, masterKeys: stale });
  stale.close();
  const turn = keyring.advanceEpoch();
  let isOver = false;
  void turn.finally(() => (isOver = true));
  for (let second = 0; second < 200 && !isOver; second++) await clock.advanceAsync(1_000);
  await turn;
  await behind.peppers.catchUp();
  assert.deepEqual(hashesOf(behind), hashesOf(keyring));
  const newest = await keyring.peppers.rotate();
  await behind.peppers.catchUp();
  assert.deepEqual(behind.peppers.ids(), [id]);
  assert.deepEqual(behind.peppers.unreadable(), [newest]);
  assert.equal(await behind.peppers.ensure(), id);
  await assert.rejects(behind.peppers.rotate(), failsWith('MASTER_KEY_UNAVAILABLE'));
});
