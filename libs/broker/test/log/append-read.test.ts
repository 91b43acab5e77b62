import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import { batch, files, newLog, open, readAll, reopen, startMs } from './fixture.js';

const refused = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;

test('appends get consecutive offsets and read back in whole batches', async () => {
  const log = newLog(await open());
  const first = await log.append(
    batch([
      ['a', '1'],
      ['b', '2'],
    ]),
    { durable: false },
  );
  const second = await log.append(batch([['c', '3']]), { durable: true });
  await second.durable;
  assert.deepEqual([first.baseOffset, first.lastOffset, second.baseOffset], [0n, 1n, 2n]);
  assert.deepEqual([log.logEndOffset, log.highWatermark], [3n, 3n]);
  assert.deepEqual(await readAll(log), [
    { offset: 0n, key: 'a', value: '1' },
    { offset: 1n, key: 'b', value: '2' },
    { offset: 2n, key: 'c', value: '3' },
  ]);
});

test('reading in the middle of a batch gives the batch; at the end nothing; beyond it an error', async () => {
  const log = newLog(await open());
  await log.append(
    batch([
      ['a', '1'],
      ['b', '2'],
    ]),
    { durable: false },
  );
  await log.append(batch([['c', '3']]), { durable: false });
  const middle = await log.read(1n, 10_000, { minOneBatch: false, isolation: 'uncommitted' });
  assert.equal(middle.records.length, log.sizeBytes);
  assert.equal((await log.read(3n, 100, { minOneBatch: true, isolation: 'uncommitted' })).records.length, 0);
  await assert.rejects(
    log.read(4n, 100, { minOneBatch: true, isolation: 'uncommitted' }),
    refused('OFFSET_OUT_OF_RANGE'),
  );
  await assert.rejects(
    log.read(-1n, 100, { minOneBatch: true, isolation: 'uncommitted' }),
    refused('OFFSET_OUT_OF_RANGE'),
  );
});

test('a batch larger than asked for comes only where one is wanted at least', async () => {
  const log = newLog(await open());
  await log.append(batch([['a', 'x'.repeat(50_000)]]), { durable: false });
  await log.append(batch([['b', '2']]), { durable: false });
  assert.equal((await log.read(0n, 100, { minOneBatch: false, isolation: 'uncommitted' })).records.length, 0);
  assert.ok(
    (await log.read(0n, 100, { minOneBatch: true, isolation: 'uncommitted' })).records.length > 50_000,
  );
  assert.deepEqual(
    (await readAll(log, 10)).map((row) => row.key),
    ['a', 'b'],
  );
});

test('a crowd of appends in one turn, durable and not, keeps its order and is found through the index', async () => {
  const log = newLog(await open({ segmentBytes: 8_000, indexIntervalBytes: 100 }));
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      log.append(batch([[`k${index}`, 'v'.repeat(index)]]), { durable: index % 3 === 0 }),
    ),
  );
  await Promise.all(all.map((result) => result.durable));
  assert.deepEqual(
    all.map((result) => result.baseOffset),
    Array.from({ length: 200 }, (_, index) => BigInt(index)),
  );
  const rows = await readAll(log);
  assert.deepEqual(
    rows.map((row) => row.key),
    Array.from({ length: 200 }, (_, index) => `k${index}`),
  );
  for (const offset of [0n, 57n, 131n, 199n]) {
    const { records } = await log.read(offset, 1, { minOneBatch: true, isolation: 'uncommitted' });
    assert.equal(Buffer.from(records).readBigInt64BE(0), offset);
  }
});

test('a durable append is visible once it is written, as on the only replica of a Kafka partition', async () => {
  const world = await open();
  const log = newLog(world);
  const seen: bigint[] = [];
  log.onAppend(() => seen.push(log.highWatermark));
  const result = await log.append(batch([['a', '1']]), { durable: true });
  assert.deepEqual([result.baseOffset, log.logEndOffset, log.highWatermark], [0n, 1n, 1n]);
  assert.equal((await readAll(log)).length, 1);
  await result.durable;
  assert.deepEqual(seen, [1n]);
});

test('an append made the moment another became durable is not forgotten', { timeout: 2_000 }, async () => {
  const log = newLog(await open());
  for (let round = 0; round < 5; round++) {
    await (
      await log.append(batch([['a', '1']]), { durable: true })
    ).durable;
    await log.append(batch([['b', '2']]), { durable: false });
    await Promise.resolve();
    await log.append(batch([['c', '3']]), { durable: false });
  }
  assert.equal((await readAll(log)).length, 15);
});

test('log append time replaces the timestamps and the CRC still holds', async () => {
  const world = await open({ messageTimestampType: 'LogAppendTime' });
  const log = newLog(world);
  const result = await log.append(batch([['a', '1']], 5), { durable: false });
  assert.equal(result.logAppendTime, BigInt(startMs));
  assert.equal((await readAll(log)).length, 1);
  assert.deepEqual(await log.findByTimestamp(6n), { offset: 0n, timestamp: BigInt(startMs), leaderEpoch: 0 });
});

test('finds offsets by timestamp, over segments', async () => {
  const log = newLog(await open({ segmentBytes: 1_000, indexIntervalBytes: 50 }));
  for (let index = 0; index < 60; index++) {
    await log.append(
      batch(
        [
          ['a', '1'],
          ['b', '2'],
        ],
        startMs + index * 10,
      ),
      { durable: false },
    );
  }
  assert.deepEqual(await log.findByTimestamp(0n), { offset: 0n, timestamp: BigInt(startMs), leaderEpoch: 0 });
  assert.deepEqual(await log.findByTimestamp(BigInt(startMs + 301)), {
    offset: 62n,
    timestamp: BigInt(startMs + 310),
    leaderEpoch: 0,
  });
  assert.equal(await log.findByTimestamp(BigInt(startMs + 591)), null);
  assert.deepEqual(await log.maxTimestamp(), {
    offset: 118n,
    timestamp: BigInt(startMs + 590),
    leaderEpoch: 0,
  });
});

test('a clean stop and a start find everything again', async () => {
  const world = await open({ segmentBytes: 1_000 });
  const log = newLog(world);
  for (let index = 0; index < 40; index++) {
    await log.append(batch([[`k${index}`, 'v']], startMs + index), { durable: false });
  }
  const before = await readAll(log);
  assert.ok(files(world).filter((name) => name.endsWith('.log')).length > 2);
  await world.logs.close();
  assert.equal(world.clock.pending, 0);
  const again = await reopen(world);
  const found = again.logs.get('events', 0);
  assert.ok(found);
  assert.deepEqual(await readAll(found), before);
  assert.deepEqual(await found.maxTimestamp(), {
    offset: 39n,
    timestamp: BigInt(startMs + 39),
    leaderEpoch: 0,
  });
  const next = await found.append(batch([['n', 'v']], startMs + 50), { durable: false });
  assert.equal(next.baseOffset, 40n);
});

test('where it may be cut, an answer is what stands in the file, up to the bytes asked for', async () => {
  const world = await open({ indexIntervalBytes: 100 });
  const log = newLog(world);
  const starts: number[] = [];
  let size = 0;
  for (let index = 0; index < 12; index++) {
    const sent = batch([['k', 'v'.repeat(index * 40)]]);
    starts.push(size);
    size += sent.length;
    await log.append(sent, { durable: false });
  }
  const file = Buffer.from(world.disk.readFileSync('/data/events-0/00000000000000000000.log'));
  const cut = { minOneBatch: true, mayCut: true, isolation: 'uncommitted' } as const;
  for (const [offset, start] of starts.entries()) {
    const firstBytes = (starts[offset + 1] ?? size) - start;
    for (let maxBytes = 0; maxBytes < size + 100; maxBytes += 23) {
      const { records } = await log.read(BigInt(offset), maxBytes, cut);
      const expected = file.subarray(start, start + Math.max(firstBytes, maxBytes));
      assert.ok(expected.equals(records), `offset ${offset}, ${maxBytes} bytes: ${records.length}`);
      const strict = await log.read(BigInt(offset), maxBytes, { ...cut, minOneBatch: false });
      assert.equal(strict.records.length, maxBytes < firstBytes ? 0 : expected.length);
    }
  }
});
