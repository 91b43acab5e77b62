import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import {
  InMemoryKeyTopic,
  keyLogAbsenceContract,
  keyLogContract,
  keyringContract,
  onlyRecords,
} from '../../src/testing/index.js';

const harness = () => {
  const topic = new InMemoryKeyTopic({ partitions: 3 });
  return Promise.resolve({ open: () => Promise.resolve(topic.open()), dispose: () => Promise.resolve() });
};

keyLogContract('in memory', harness);
keyringContract('over memory', harness);
keyLogAbsenceContract('in memory', () => {
  const clock = new ManualClock();
  const deleteRetentionMs = 60_000;
  const topic = new InMemoryKeyTopic({ partitions: 2, clock, deleteRetentionMs });
  const log = topic.open();
  return Promise.resolve({
    clock,
    deleteRetentionMs,
    log,
    cut: () => log.hold(),
    mend: () => log.release(),
    append: (partition, records) => void topic.append(partition, records),
    clean: () => topic.compact({ dropTombstones: true }),
    dispose: () => Promise.resolve(),
  });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('compaction keeps the last record of a key, and drops tombstones only when told', () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  topic.append(0, [
    { key: bytes('a'), value: bytes('1') },
    { key: bytes('b'), value: bytes('1') },
    { key: bytes('a'), value: bytes('2') },
    { key: bytes('b'), value: null },
  ]);
  topic.compact();
  assert.deepEqual(
    topic.records(0).map(({ offset }) => offset),
    [2n, 3n],
  );
  topic.compact({ dropTombstones: true });
  assert.deepEqual(
    topic.records(0).map(({ offset }) => offset),
    [2n],
  );
  assert.equal(topic.append(0, [{ key: bytes('c'), value: null }]), 4n);
});

test('a held log gets nothing until it is released; an outage refuses work', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const log = topic.open();
  let seen = 0;
  await log.follow(
    onlyRecords((records) => {
      seen += records.length;
    }),
  );
  log.hold();
  const offset = await log.append(0, [{ key: bytes('a'), value: null }]);
  const seenBy = [log.reached(0, offset), log.caughtUp(0)].map((barrier) => barrier.then(() => seen));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(seen, 0);
  log.release();
  assert.deepEqual(await Promise.all(seenBy), [1, 1]);
  topic.down = true;
  await assert.rejects(log.append(0, [{ key: bytes('a'), value: null }]), /cannot be reached/);
  await assert.rejects(log.caughtUp(0), /cannot be reached/);
  await assert.rejects(topic.open().follow(onlyRecords(() => undefined)), /cannot be reached/);
});

test('a lost acknowledgement fails the append but keeps the batch', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  topic.loseNextAcknowledgement = true;
  await assert.rejects(
    topic.open().append(0, [{ key: bytes('a'), value: null }]),
    /acknowledgement was lost/,
  );
  assert.equal(topic.records(0).length, 1);
  assert.equal(await topic.open().append(0, [{ key: bytes('b'), value: null }]), 1n);
});
