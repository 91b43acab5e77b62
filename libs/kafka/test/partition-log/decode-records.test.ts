import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, encodeBatch, KafkaError } from '@oubliette/protocol';
import fc from 'fast-check';
import { decodeFetched } from '../../src/direct/fetch.js';
import { decodeRecords } from '../../src/partition-log/decode-records.js';

const bytes = fc.uint8Array({ maxLength: 200 });
const record = fc.record({
  timestamp: fc.oneof(
    fc.bigInt({ min: 1_600_000_000_000n, max: 1_600_000_001_000n }),
    fc.bigInt({ min: 0n, max: 8_640_000_000_000_000n }),
  ),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 5 }), value: fc.option(bytes) }), {
    maxLength: 2,
  }),
});
const batch = fc.record({
  records: fc.array(record, { maxLength: 6 }),
  compression: fc.constantFrom('none' as const, 'gzip' as const),
  logAppendTime: fc.option(fc.bigInt({ min: 0n, max: 8_640_000_000_000_000n }), { nil: undefined }),
  gap: fc.nat({ max: 3 }),
});

/** Batches one behind the other, with gaps as a cleaner leaves them. */
const answer = fc.array(batch, { maxLength: 4 }).map((batches) => {
  let baseOffset = 5n;
  const encoded = batches.map(({ gap, logAppendTime, ...spec }) => {
    const lastOffsetDelta = spec.records.length + gap;
    const stamp = logAppendTime === undefined ? {} : { logAppendTime };
    const written = encodeBatch({ ...spec, ...stamp, baseOffset, lastOffsetDelta });
    baseOffset += BigInt(lastOffsetDelta + 1);
    return written;
  });
  return Buffer.concat(encoded);
});

const place = { topic: 'keys', partition: 3, highWatermark: 99n, logStart: 0n, throttleMs: 0 };

test('it gives what the general decoder gives, without headers', () => {
  fc.assert(
    fc.property(answer, fc.bigInt({ min: 0n, max: 30n }), fc.nat({ max: 80 }), (batches, offset, cut) => {
      const bytesCome = batches.subarray(0, Math.max(0, batches.length - cut));
      const plain = decodeFetched({ ...place, offset, batches: bytesCome });
      const decoded = decodeRecords(3, offset, bytesCome);
      const quick = { ...decoded, records: [...decoded.records] };
      assert.equal(decoded.records.length, quick.records.length);
      assert.deepEqual(
        quick.records,
        plain.records.map(({ topic: _, headers: __, ...rest }) => ({
          ...rest,
          key: rest.key ?? new Uint8Array(0),
        })),
      );
      assert.equal(quick.nextOffset, plain.nextOffset);
      const only = new Set(quick.records.map((found) => found.offset).filter((found) => found % 3n === 0n));
      const some = decodeRecords(3, offset, bytesCome, only);
      assert.deepEqual(
        [...some.records],
        quick.records.filter((found) => only.has(found.offset)),
      );
      assert.equal(some.records.length, [...some.records].length);
      assert.equal(some.nextOffset, plain.nextOffset);
    }),
  );
});

test('a batch whose records are not what its header counts is refused, and reading stays in bounds', () => {
  const intact = encodeBatch({
    records: [
      { timestamp: 1n, key: Uint8Array.of(1, 2), value: Uint8Array.of(3) },
      { timestamp: 2n, key: Uint8Array.of(4), value: null },
    ],
  });
  const payloadAt = 61;
  for (let at = payloadAt; at < intact.length; at++) {
    for (const changed of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const broken = withCrc(Uint8Array.from(intact, (byte, index) => (index === at ? changed : byte)));
      let quick: unknown;
      let plain: unknown;
      try {
        quick = [...decodeRecords(3, 0n, broken).records].length;
      } catch (error) {
        assert.ok(error instanceof KafkaError && error.codeName === 'INVALID_RECORD', String(error));
        quick = 'refused';
      }
      try {
        plain = decodeFetched({ ...place, offset: 0n, batches: broken }).records.length;
      } catch {
        plain = 'refused';
      }
      assert.equal(quick, plain, `byte ${at} as ${changed}`);
    }
  }
  const flipped = Uint8Array.from(intact);
  flipped[intact.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  assert.throws(() => decodeRecords(3, 0n, flipped), { codeName: 'CORRUPT_MESSAGE' });
});

function withCrc(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer).setUint32(17, crc32c(batch.subarray(21)));
  return batch;
}
