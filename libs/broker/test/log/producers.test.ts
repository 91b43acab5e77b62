import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import type { DiskPartitionLog } from '../../src/log/disk-partition-log.js';
import type { PartitionLog } from '../../src/log/partition-log.js';
import { batch, newLog, open, readAll, reopen, startMs } from './fixture.js';

const refused = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;

async function produce(
  log: PartitionLog,
  baseSequence: number,
  producerEpoch = 0,
  durable = false,
  count = 1,
) {
  const pairs = Array.from({ length: count }, (_, index) => [`k${baseSequence + index}`, 'v'] as const);
  return log.append(batch(pairs, startMs, { producerId: 7n, producerEpoch, baseSequence }), { durable });
}

test('a retry of one of the last five batches answers with the offset it had and appends nothing', async () => {
  const log = newLog(await open());
  for (let sequence = 0; sequence < 12; sequence += 2) await produce(log, sequence, 0, false, 2);
  for (let sequence = 2; sequence < 12; sequence += 2) {
    const again = await produce(log, sequence, 0, true, 2);
    await again.durable;
    assert.deepEqual([again.baseOffset, again.lastOffset], [BigInt(sequence), BigInt(sequence + 1)]);
  }
  assert.equal(log.logEndOffset, 12n);
  await assert.rejects(produce(log, 0, 0, false, 2), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
});

test('a gap is refused, and a partial overlap', async () => {
  const log = newLog(await open());
  await produce(log, 0, 0, false, 3);
  await assert.rejects(produce(log, 4), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
  await assert.rejects(produce(log, 2), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
  assert.equal((await produce(log, 3)).baseOffset, 3n);
});

test('an unknown producer may start anywhere; a new epoch starts at 0; an old one is fenced', async () => {
  const log = newLog(await open());
  await produce(log, 40);
  await assert.rejects(produce(log, 41, 1), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
  await produce(log, 0, 1);
  await assert.rejects(produce(log, 41, 0), refused('INVALID_PRODUCER_EPOCH'));
});

test('sequences wrap around from 2^31-1 to 0', async () => {
  const log = newLog(await open());
  await produce(log, 0x7ffffffe, 0, false, 3);
  await produce(log, 1);
  assert.equal(log.logEndOffset, 4n);
});

test('a retry of a batch that is still on its way waits for its sync', async () => {
  const log = newLog(await open()) as DiskPartitionLog;
  const first = produce(log, 0, 0, true);
  const again = await produce(log, 0, 0, true);
  assert.equal(log.recoveryPoint, 0n);
  await again.durable;
  assert.deepEqual([again.baseOffset, log.recoveryPoint, log.logEndOffset], [0n, 1n, 1n]);
  await (
    await first
  ).durable;
});

test('sequences are known again after a crash, and after compaction took the records', async () => {
  const world = await open({
    cleanupPolicy: new Set(['compact'] as const),
    segmentBytes: 400,
    maxCompactionLagMs: 1_000,
    minCleanableDirtyRatio: 0,
    fileDeleteDelayMs: 0,
  });
  const log = newLog(world);
  await produce(log, 0, 0, true);
  for (let index = 0; index < 20; index++) {
    const result = await log.append(batch([['k0', 'newer']], startMs + index * 1_000), { durable: true });
    await result.durable;
  }
  await world.clock.advanceAsync(5_000);
  assert.ok(!(await readAll(log)).some((row) => row.offset === 0n), 'the record should be compacted away');
  const next = await reopen(world, world.disk.crash(3));
  const again = next.logs.get('events', 0);
  assert.ok(again);
  assert.equal((await produce(again, 0)).baseOffset, 0n);
  await assert.rejects(produce(again, 5), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
});

test('a failed write leaves no trace in the sequences', async () => {
  const world = await open();
  const log = newLog(world);
  await produce(log, 0);
  for (const durable of [false, true]) {
    world.disk.fail({ operation: 'write', code: 'ENOSPC', stored: 0.5 });
    await assert.rejects(produce(log, 1, 0, durable), refused('KAFKA_STORAGE_ERROR'));
  }
  assert.equal((await produce(log, 1)).baseOffset, 1n);
  assert.deepEqual(
    (await readAll(log)).map((row) => row.key),
    ['k0', 'k1'],
  );
});
