import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BatchView,
  compress,
  Compression,
  encodeBatch,
  iterateRecords,
  repackBatch,
} from '@oubliette/protocol';
import { ManualClock } from '@oubliette/runtime/testing';
import { config, newLog, open, startMs } from './fixture.js';

/** Each look at the monotonic time is a place where long work may rest. */
class CountingClock extends ManualClock {
  looks = 0;

  override monotonic(): number {
    this.looks += 1;
    return super.monotonic();
  }
}

const timestamp = BigInt(startMs);
const value = Buffer.alloc(1_000, 'v');
const records = Array.from({ length: 3_000 }, () => ({ timestamp, key: null, value }));
const small = (): Uint8Array => encodeBatch({ records: [{ timestamp, key: null, value }] });
const packings = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A batch of such a payload, whatever it holds. */
function batchOf(payload: Uint8Array, count: number, compression: (typeof packings)[number]): Uint8Array {
  const like = encodeBatch({
    records: Array.from({ length: count }, () => ({ timestamp, key: null, value: null })),
  });
  const codec = Compression[compression];
  const packed = compress(codec, payload);
  const shape = { codec, payload: packed, baseTimestamp: timestamp, maxTimestamp: timestamp };
  return Uint8Array.from(repackBatch(new BatchView(like), shape).bytes);
}

for (const compression of packings) {
  test(`${compression}: large batches are stored as they came, and what comes behind them stays behind them`, async () => {
    const log = newLog(await open({}));
    const sent = encodeBatch({ records, compression });
    const appends = [Uint8Array.from(sent), small(), Uint8Array.from(sent), small()].map((bytes) =>
      log.append(bytes, { durable: false }),
    );
    const offsets = (await Promise.all(appends)).map(({ baseOffset }) => baseOffset);
    assert.deepEqual(offsets, [0n, 3_000n, 3_001n, 6_001n]);
    const later = await log.append(small(), { durable: false });
    assert.equal(later.baseOffset, 6_002n);
    const read = await log.read(0n, sent.length, { minOneBatch: true, isolation: 'uncommitted' });
    const stored = new BatchView(read.records);
    stored.setLeaderEpoch(-1);
    assert.deepEqual(Buffer.from(stored.bytes), Buffer.from(sent));
  });

  test(`${compression}: a large batch becomes the same in another codec, with headers or without`, async () => {
    const target = compression === 'zstd' ? 'gzip' : 'zstd';
    for (const headers of [[], [{ key: 'h', value: Buffer.from('x') }]]) {
      const log = newLog(await open({ compressionType: target }));
      const spec = records.map((record) => ({ ...record, headers }));
      await log.append(encodeBatch({ records: spec, compression }), { durable: false });
      const read = await log.read(0n, 10_000_000, { minOneBatch: true, isolation: 'uncommitted' });
      const stored = new BatchView(Uint8Array.from(read.records));
      stored.setLeaderEpoch(-1);
      const wanted = encodeBatch({ records: spec, compression: target });
      assert.deepEqual(Buffer.from(stored.bytes), Buffer.from(wanted));
    }
  });

  test(`${compression}: what unpacks to more than 64 MiB is refused`, async () => {
    const log = newLog(await open({}));
    const bomb = batchOf(Buffer.alloc(65 * 1024 * 1024), 1, compression);
    // Snappy and lz4 pack less tightly: they do not come so far.
    const code = bomb.length > config({}).maxMessageBytes ? 'too large' : 'unpacks to';
    await assert.rejects(log.append(bomb, { durable: false }), (error: Error) => {
      return (
        error.message.startsWith('MESSAGE_TOO_LARGE') &&
        (code === 'too large' || error.message.includes(code))
      );
    });
    assert.equal((await log.append(small(), { durable: false })).baseOffset, 0n, 'nobody waits for it');
  });
}

test('records that are not written as Kafka would write them are written anew', async () => {
  const log = newLog(await open({ compressionType: 'gzip' }));
  // Attributes, timestamp and offset deltas, no key, no value, no headers; then the same with another offset delta.
  const odd = Buffer.from([12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 8, 1, 1, 0]);
  await log.append(batchOf(odd, 2, 'zstd'), { durable: false });
  const read = await log.read(0n, 10_000, { minOneBatch: true, isolation: 'uncommitted' });
  const offsets = [...iterateRecords(new BatchView(read.records))].map(({ offset }) => offset);
  assert.deepEqual(offsets, [0n, 1n]);
});

test('a record of a large batch is found by its time in slices, beside others', async () => {
  const clock = new CountingClock(startMs);
  const log = newLog(await open({}, { clock }));
  const many = Array.from({ length: 60_000 }, (_, index) => ({
    timestamp: timestamp + BigInt(index),
    key: null,
    value: null,
  }));
  await log.append(encodeBatch({ records: many, compression: 'gzip' }), { durable: false });
  clock.looks = 0;
  assert.equal((await log.findByTimestamp(timestamp + 59_000n))?.offset, 59_000n);
  assert.ok(clock.looks >= 14, `looked at the time ${clock.looks} times`);
  clock.looks = 0;
  assert.equal((await log.maxTimestamp())?.offset, 59_999n);
  assert.ok(clock.looks >= 14, `looked at the time ${clock.looks} times`);
});
