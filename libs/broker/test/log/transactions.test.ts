import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iterateBatches, KafkaError } from '@oubliette/protocol';
import type { AbortedTransaction, PartitionLog } from '../../src/log/partition-log.js';
import { batch, newLog, open, reopen, rowsOf, startMs, type World } from './fixture.js';

const refused = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;

/** Producers that remember their sequences, writing to one log. */
function writers(log: PartitionLog) {
  const next = new Map<bigint, number>();
  return {
    send: async (
      producerId: bigint,
      key: string,
      { epoch = 0, isTransactional = true, count = 1, durable = false } = {},
    ) => {
      const baseSequence = next.get(producerId) ?? 0;
      next.set(producerId, baseSequence + count);
      const pairs = Array.from({ length: count }, () => [key, `of ${producerId}`] as const);
      const records = batch(pairs, startMs, {
        producerId,
        producerEpoch: epoch,
        baseSequence,
        isTransactional,
      });
      return log.append(records, { durable });
    },
    end: async (producerId: bigint, result: 'commit' | 'abort', epoch = 0, coordinatorEpoch = 0) => {
      const answer = await log.appendMarker({ producerId, producerEpoch: epoch, coordinatorEpoch, result });
      await answer.durable;
      return answer.baseOffset;
    },
  };
}

const committed = { minOneBatch: true, isolation: 'committed' } as const;

/** What a consumer with read_committed delivers: it leaves out aborted records and markers (Kafka's CompletedFetch). */
async function readCommitted(log: PartitionLog, maxBytes = 400): Promise<string[]> {
  const keys: string[] = [];
  const aborted = new Set<bigint>();
  for (let offset = log.logStartOffset; offset < log.lastStableOffset;) {
    const { records, abortedTransactions } = await log.read(offset, maxBytes, committed);
    const waiting: AbortedTransaction[] = [...(abortedTransactions ?? [])].sort((left, right) =>
      left.firstOffset < right.firstOffset ? -1 : 1,
    );
    const before = offset;
    for (const found of iterateBatches(records)) {
      while (waiting[0] !== undefined && waiting[0].firstOffset <= found.lastOffset) {
        aborted.add((waiting.shift() as AbortedTransaction).producerId);
      }
      offset = found.nextOffset;
      if (found.isControl) aborted.delete(found.producerId);
      else if (!found.isTransactional || !aborted.has(found.producerId)) {
        keys.push(...rowsOf(found.bytes).map(({ key }) => key ?? ''));
      }
    }
    assert.ok(offset > before, `nothing to read at ${before}`);
  }
  return keys;
}

test('an open transaction holds the last stable offset; its marker lets it go once it is written', async () => {
  const log = newLog(await open());
  const { send, end } = writers(log);
  await send(1n, 'plain', { isTransactional: false });
  await send(2n, 'first');
  await send(2n, 'second');
  await send(1n, 'other', { isTransactional: false });
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [1n, 4n]);
  const { baseOffset, durable } = await log.appendMarker({
    producerId: 2n,
    producerEpoch: 0,
    coordinatorEpoch: 3,
    result: 'commit',
  });
  assert.equal(baseOffset, 4n);
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [5n, 5n]);
  await durable;
  assert.equal(await end(2n, 'abort', 0, 3), 5n, 'a marker without a transaction is written too');
  assert.deepEqual(await readCommitted(log), ['plain', 'first', 'second', 'other']);
});

test('read_committed stops at the last stable offset and names what was aborted', async () => {
  const log = newLog(await open());
  const { send, end } = writers(log);
  await send(1n, 'gone', { count: 2 });
  await send(2n, 'kept');
  await end(1n, 'abort');
  await send(3n, 'open');
  await end(2n, 'commit');
  const seen = await log.read(0n, 10_000, committed);
  assert.deepEqual(seen.abortedTransactions, [{ producerId: 1n, firstOffset: 0n }]);
  assert.equal([...iterateBatches(seen.records)].at(-1)?.lastOffset, 3n);
  assert.deepEqual([seen.lastStableOffset, seen.highWatermark], [4n, 6n]);
  const all = await log.read(0n, 10_000, { minOneBatch: true, isolation: 'uncommitted' });
  assert.equal(all.abortedTransactions, null);
  assert.equal([...iterateBatches(all.records)].at(-1)?.lastOffset, 5n);
  const atEnd = await log.read(4n, 10_000, committed);
  assert.deepEqual([atEnd.records.length, atEnd.abortedTransactions], [0, []]);
  assert.deepEqual(await readCommitted(log), ['kept']);
});

test('a marker is fenced by the epoch of the producer and of the coordinator', async () => {
  const log = newLog(await open());
  const { send, end } = writers(log);
  await send(1n, 'a', { epoch: 5 });
  await assert.rejects(end(1n, 'commit', 4), refused('INVALID_PRODUCER_EPOCH'));
  await end(1n, 'commit', 5, 7);
  await assert.rejects(end(1n, 'commit', 5, 6), refused('TRANSACTION_COORDINATOR_FENCED'));
  await end(1n, 'abort', 6, 7);
  await assert.rejects(send(1n, 'late', { epoch: 5 }), refused('INVALID_PRODUCER_EPOCH'));
  assert.equal(log.logEndOffset, 3n);
});

test('after a marker with a new epoch the producer starts at sequence 0; with its own epoch it goes on', async () => {
  const log = newLog(await open());
  const produce = (baseSequence: number, producerEpoch: number) =>
    log.append(
      batch([['k', 'v']], startMs, { producerId: 1n, producerEpoch, baseSequence, isTransactional: true }),
      {
        durable: false,
      },
    );
  const { end } = writers(log);
  await produce(0, 0);
  await end(1n, 'commit', 0);
  await produce(1, 0);
  await end(1n, 'abort', 1);
  await assert.rejects(produce(2, 1), refused('OUT_OF_ORDER_SEQUENCE_NUMBER'));
  await produce(0, 1);
});

test('a plain batch of a producer with an open transaction is refused', async () => {
  const log = newLog(await open());
  const { send } = writers(log);
  await send(1n, 'a');
  await assert.rejects(send(1n, 'b', { isTransactional: false }), refused('INVALID_TXN_STATE'));
});

test('the last stable offset follows the oldest transaction that is open, whatever ends first', async () => {
  const log = newLog(await open());
  const { send, end } = writers(log);
  for (const producerId of [1n, 2n, 3n]) await send(producerId, `of ${producerId}`);
  await end(2n, 'abort');
  assert.equal(log.lastStableOffset, 0n);
  await end(1n, 'commit');
  assert.equal(log.lastStableOffset, 2n);
  await end(3n, 'commit');
  assert.equal(log.lastStableOffset, 6n);
  assert.deepEqual(await readCommitted(log), ['of 1', 'of 3']);
});

test('the last stable offset never lies before the log start', async () => {
  const log = newLog(await open());
  const { send } = writers(log);
  for (let index = 0; index < 4; index++) await send(1n, `k${index}`);
  log.deleteRecordsBefore(3n);
  assert.deepEqual([log.logStartOffset, log.lastStableOffset], [3n, 3n]);
});

test('what DescribeProducers shows', async () => {
  const log = newLog(await open());
  const { send, end } = writers(log);
  await send(1n, 'a', { count: 3 });
  await end(2n, 'commit', 4, 9);
  const shown = [...log.activeProducers()].sort((left, right) => Number(left.producerId - right.producerId));
  assert.deepEqual(shown, [
    {
      producerId: 1n,
      producerEpoch: 0,
      lastSequence: 2,
      lastTimestamp: BigInt(startMs),
      coordinatorEpoch: -1,
      currentTxnStartOffset: 0n,
    },
    {
      producerId: 2n,
      producerEpoch: 4,
      lastSequence: -1,
      lastTimestamp: BigInt(startMs),
      coordinatorEpoch: 9,
      currentTxnStartOffset: -1n,
    },
  ]);
});

test('a failed write leaves no trace of a transaction, of its start or its end', async () => {
  const world = await open();
  const log = newLog(world);
  const { send, end } = writers(log);
  const path = (name: string): boolean => name.endsWith('.log');
  world.disk.fail({ operation: 'write', code: 'ENOSPC', stored: 0.5, path });
  await assert.rejects(send(1n, 'a'), refused('KAFKA_STORAGE_ERROR'));
  assert.equal(log.lastStableOffset, log.highWatermark);
  await send(2n, 'b');
  world.disk.fail({ operation: 'write', code: 'ENOSPC' });
  await assert.rejects(end(2n, 'abort'), refused('KAFKA_STORAGE_ERROR'));
  for (const key of ['c', 'd']) await send(3n, key, { isTransactional: false });
  assert.deepEqual([log.lastStableOffset, log.highWatermark], [0n, 3n], 'the transaction is still open');
  await end(2n, 'abort');
  assert.equal(log.lastStableOffset, 4n);
  assert.deepEqual((await log.read(0n, 1_000, committed)).abortedTransactions, [
    { producerId: 2n, firstOffset: 0n },
  ]);
});

/** A few transactions over several segments, one left open. */
async function history(log: PartitionLog): Promise<void> {
  const { send, end } = writers(log);
  for (let round = 0; round < 6; round++) {
    await send(1n, `kept ${round}`);
    await send(2n, `gone ${round}`, { count: 2 });
    await send(3n, `plain ${round}`, { isTransactional: false });
    await end(2n, 'abort');
    await end(1n, 'commit');
  }
  await send(4n, 'open', { durable: true });
  await end(3n, 'commit');
}

async function shape(log: PartitionLog) {
  return {
    lastStableOffset: log.lastStableOffset,
    producers: [...log.activeProducers()].sort((left, right) => Number(left.producerId - right.producerId)),
    aborted: (await log.read(0n, 100_000, committed)).abortedTransactions,
    keys: await readCommitted(log),
  };
}

async function again(world: World, how: 'closed' | 'crashed'): Promise<PartitionLog> {
  if (how === 'closed') await world.logs.close();
  const next = await reopen(world, how === 'closed' ? world.disk : world.disk.crash(11));
  const log = next.logs.get('events', 0);
  assert.ok(log);
  return log;
}

for (const how of ['closed', 'crashed'] as const) {
  test(`open, committed and aborted transactions are known again after the broker was ${how}`, async () => {
    const world = await open({ segmentBytes: 500, indexIntervalBytes: 100 });
    const log = newLog(world);
    await history(log);
    const before = await shape(log);
    assert.equal(before.keys.length, 12);
    const restarted = await again(world, how);
    assert.deepEqual(await shape(restarted), before);
    const { baseOffset } = await restarted.appendMarker({
      producerId: 4n,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      result: 'abort',
    });
    assert.equal(baseOffset, before.producers.length > 0 ? log.logEndOffset : -1n);
  });
}

test('aborted transactions of a sealed segment stay known when another of its indexes has to be rebuilt', async () => {
  const world = await open({ segmentBytes: 1_000 });
  await history(newLog(world));
  const log = world.logs.get('events', 0);
  const expected = log === undefined ? [] : await readCommitted(log);
  await world.logs.close();
  for (const { name } of world.disk.listSync('/data/events-0')) {
    if (name.endsWith('.index')) world.disk.removeFileSync(`/data/events-0/${name}`);
  }
  const next = (await reopen(world)).logs.get('events', 0);
  assert.ok(expected.length > 0 && !expected.some((key) => key.startsWith('gone')), String(expected));
  assert.deepEqual(next === undefined ? [] : await readCommitted(next), expected);
});

for (const then of [
  'is stopped',
  'crashes',
  'has room for all else, crashes',
  'gets room, is stopped',
  'gets room, rolls, crashes',
] as const) {
  test(`a start on a full disk keeps rebuilt transaction indexes in memory; the broker ${then}, and the next one knows them`, async () => {
    const world = await open({ segmentBytes: 1_000, retentionMs: -1 });
    await history(newLog(world));
    const log = world.logs.get('events', 0);
    const expected = log === undefined ? [] : await readCommitted(log);
    const crashed = world.disk.crash(1);
    const indexes = crashed.listSync('/data/events-0').filter(({ name }) => name.endsWith('.txnindex'));
    for (const { name } of indexes) crashed.removeFileSync(`/data/events-0/${name}`);
    const isIndex = (path: string): boolean => path.includes('.txnindex');
    if (then !== 'has room for all else, crashes') crashed.setFreeBytes(0);
    else crashed.fail({ operation: 'write', code: 'ENOSPC', times: Infinity, path: isIndex });
    const full = await reopen(world, crashed);
    const found = full.logs.get('events', 0);
    assert.ok(found !== undefined && indexes.length > 0);
    assert.deepEqual(await readCommitted(found), expected);
    // What room comes to goes to the checkpoints first.
    await full.clock.advanceAsync(120_000);
    if (then.startsWith('gets room')) crashed.setFreeBytes(Infinity);
    await full.clock.advanceAsync(120_000);
    if (then.endsWith('rolls, crashes')) {
      for (let index = 0; index < 20; index++) {
        await (
          await found.append(batch([[`after ${index}`, 'x'.repeat(100)]]), { durable: true })
        ).durable;
      }
      await full.clock.advanceAsync(120_000);
    }
    if (then.endsWith('is stopped'))
      await full.logs.close().catch((error) => assert.match(String(error), /ENOSPC/));
    const disk = crashed.crash(2);
    disk.setFreeBytes(Infinity);
    const next = (await reopen(full, disk)).logs.get('events', 0);
    assert.deepEqual(next === undefined ? [] : await readCommitted(next), expected);
  });
}
