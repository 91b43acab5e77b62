import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchView, encodeBatch, iterateRecords, type CompressionName } from '@oubliette/protocol';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { validateAppend } from '../../src/log/append-checks.js';
import type { LogConfig } from '../../src/log/partition-log.js';
import { RecordValidationError } from '../../src/log/record-validation-error.js';
import { config, newLog, open, startMs } from './fixture.js';

const codecs: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const records = ['a', null, 'c'].map((key, index) => ({
  timestamp: BigInt(startMs + index),
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(`value ${index} `.repeat(30)),
  headers: [{ key: 'h', value: Buffer.from('x') }],
}));

function validate(bytes: Uint8Array, overrides: Partial<LogConfig> = {}) {
  const context = { topic: 'events', partition: 0, config: config(overrides), nowMs: startMs };
  const step = validateAppend(bytes, context).next(new Uint8Array(0));
  assert.ok(step.done === true, 'it waits for nothing');
  return step.value;
}

for (const compression of codecs) {
  test(`${compression}: stored as sent but for offset, epoch and, stamped, time and CRC`, async () => {
    for (const messageTimestampType of ['CreateTime', 'LogAppendTime'] as const) {
      const log = newLog(await open({ messageTimestampType }));
      await log.append(encodeBatch({ records }), { durable: false });
      const sent = encodeBatch({ records, compression });
      await log.append(Uint8Array.from(sent), { durable: false });
      const read = await log.read(3n, 100_000, { minOneBatch: true, isolation: 'uncommitted' });
      const stored = new BatchView(read.records);
      assert.deepEqual([stored.baseOffset, stored.leaderEpoch, stored.isIntact()], [3n, 0, true]);
      const asSent = new BatchView(Uint8Array.from(read.records));
      asSent.setBaseOffset(0n);
      asSent.setLeaderEpoch(-1);
      if (messageTimestampType === 'LogAppendTime') asSent.setCreateTime(BigInt(startMs + 2));
      assert.deepEqual(Buffer.from(asSent.bytes), Buffer.from(sent));
    }
  });

  test(`${compression}: into every other codec with the same records`, () => {
    for (const target of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const bytes = encodeBatch({ records, compression, producerId: 7n, producerEpoch: 1, baseSequence: 5 });
      const { batches } = validate(bytes, { compressionType: target });
      const [batch] = batches;
      assert.ok(batch !== undefined && batch.isIntact());
      assert.equal(batch.compression, ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(target));
      assert.deepEqual([batch.producerId, batch.producerEpoch, batch.baseSequence], [7n, 1, 5]);
      const told = [...iterateRecords(batch)].map(({ timestamp, key, value, headers }) => {
        return {
          timestamp,
          key: key === null ? null : Buffer.from(key),
          value: Buffer.from(value ?? []),
          headers: headers.length,
        };
      });
      assert.deepEqual(
        told,
        records.map(({ timestamp, key, value }) => ({ timestamp, key, value, headers: 1 })),
      );
    }
  });
}

test('compression.gzip.level and compression.zstd.level are what a batch is packed with', () => {
  const chance = new SeededEntropy(1);
  const word = (): string => `word-${chance.below(300)} `;
  const value = Buffer.from(Array.from({ length: 4_000 }, word).join(''));
  const sent = encodeBatch({ records: [{ timestamp: BigInt(startMs), key: null, value }] });
  const size = (overrides: Partial<LogConfig>): number =>
    validate(Uint8Array.from(sent), overrides).batches[0]?.sizeBytes ?? 0;
  const gzip = [1, 9].map((level) => size({ compressionType: 'gzip', compressionGzipLevel: level }));
  const zstd = [-5, 19].map((level) => size({ compressionType: 'zstd', compressionZstdLevel: level }));
  for (const [low = 0, high = 0] of [gzip, zstd]) assert.ok(low > high * 1.05, `${low}, ${high}`);
});

test('a batch that re-compressed is too large is refused', () => {
  const bytes = encodeBatch({ records, compression: 'gzip' });
  const limits = { maxMessageBytes: bytes.length, compressionType: 'uncompressed' } as const;
  assert.throws(() => validate(bytes, limits), { codeName: 'MESSAGE_TOO_LARGE' });
});

test('records at fault are named, and of their content nothing is said', () => {
  assert.throws(
    () => validate(encodeBatch({ records }), { cleanupPolicy: new Set(['compact']) }),
    (error) => {
      assert.ok(error instanceof RecordValidationError);
      assert.deepEqual(
        error.recordErrors.map(({ batchIndex }) => batchIndex),
        [1],
      );
      assert.ok(!error.clientMessage.includes('value 1'));
      return true;
    },
  );
});

test('of very many records at fault the first are named, and all counted', () => {
  const keyless = { timestamp: BigInt(startMs), key: null, value: null };
  const sent = encodeBatch({ records: Array.from({ length: 12_000 }, () => keyless), compression: 'gzip' });
  assert.throws(
    () => validate(sent, { cleanupPolicy: new Set(['compact'] as const) }),
    (error) =>
      error instanceof RecordValidationError &&
      error.recordErrors.length === 10_000 &&
      error.clientMessage.includes('due to 12000 record errors in total'),
  );
});

test('a compressed batch whose offset deltas do not count is refused, unless it is written anew', () => {
  const uncounted = records.map((record) => ({ ...record, offsetDelta: 1 }));
  const sent = encodeBatch({ records: uncounted, compression: 'gzip', lastOffsetDelta: 2 });
  assert.throws(() => validate(sent), /^KafkaError: UNKNOWN_SERVER_ERROR/);
  const [batch] = validate(sent, { compressionType: 'zstd' }).batches;
  assert.deepEqual(batch && [...iterateRecords(batch)].map(({ offsetDelta }) => offsetDelta), [0, 1, 2]);
  assert.equal(validate(encodeBatch({ records: uncounted, lastOffsetDelta: 2 })).batches.length, 1);
});
