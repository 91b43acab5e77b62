import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BatchView,
  encodeBatch,
  iterateBatches,
  iterateRecords,
  KafkaError,
  type DecodedRecord,
} from '../../src/index.js';
import { batchFixtures } from '../oracle/fixtures.js';
import { toSpec, type BatchDescription } from '../oracle/batches.js';

const fixtures = batchFixtures();
const hexOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('hex');

function fixture(name: string): { batch: BatchDescription; bytes: Buffer } {
  const found = fixtures.find(({ batch }) => batch.name === name);
  assert.ok(found, name);
  return { batch: found.batch, bytes: Buffer.from(found.hex, 'hex') };
}

function only(bytes: Uint8Array): BatchView {
  const batches = [...iterateBatches(bytes)];
  assert.equal(batches.length, 1);
  return batches[0] as BatchView;
}

function described(batch: BatchDescription, records: readonly DecodedRecord[]): unknown {
  return records.map(({ offset, timestamp, key, value, headers }) => ({
    offsetDelta: Number(offset - BigInt(batch.baseOffset)),
    timestamp: Number(timestamp),
    key: hexOf(key),
    value: hexOf(value),
    headers: headers.map((header) => ({ key: header.key, value: hexOf(header.value) })),
  }));
}

function code(name: string): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.codeName === name;
}

describe("batches that Kafka's builder wrote", () => {
  for (const { batch, hex } of fixtures) {
    test(`${batch.name}: read`, () => {
      const view = only(Buffer.from(hex, 'hex'));
      assert.equal(view.baseOffset, BigInt(batch.baseOffset));
      assert.equal(view.leaderEpoch, batch.leaderEpoch);
      assert.equal(view.producerId, BigInt(batch.producerId));
      assert.equal(view.producerEpoch, batch.producerEpoch);
      assert.equal(view.baseSequence, batch.baseSequence);
      assert.equal(view.isTransactional, batch.isTransactional);
      assert.equal(view.isLogAppendTime, batch.logAppendTime >= 0);
      assert.equal(view.recordCount, batch.records.length);
      assert.equal(view.lastOffsetDelta, batch.records.at(-1)?.offsetDelta);
      const times = batch.records.map(({ timestamp }) => timestamp);
      const stamped = batch.logAppendTime >= 0;
      assert.equal(view.maxTimestamp, BigInt(stamped ? batch.logAppendTime : Math.max(...times)));
      const expected = batch.records.map((record) =>
        stamped ? { ...record, timestamp: batch.logAppendTime } : record,
      );
      assert.deepEqual(described(batch, [...iterateRecords(view)]), expected);
    });
    if (batch.compression !== 'none' || batch.logAppendTime >= 0) continue;
    test(`${batch.name}: written the same`, () => {
      assert.equal(hexOf(encodeBatch(toSpec(batch))), hex);
    });
  }

  test('sequence numbers wrap', () => {
    const view = only(fixture('idempotent and transactional').bytes);
    assert.equal(view.baseSequence, 2_147_483_646);
    assert.equal(view.lastSequence, 2);
  });

  test('several in one buffer, the last one cut', () => {
    const { bytes } = fixture('varied records');
    const cut = Buffer.concat([bytes, bytes, bytes.subarray(0, 100)]);
    const starts = [...iterateBatches(cut, { partialTail: 'ignore' })].map(({ position }) => position);
    assert.deepEqual(starts, [0, bytes.length]);
    assert.throws(() => [...iterateBatches(cut)], code('CORRUPT_MESSAGE'));
  });
});

describe('in place', () => {
  test('base offset and leader epoch leave the checksum alone', () => {
    const view = only(fixture('varied records').bytes);
    view.setBaseOffset(77n);
    view.setLeaderEpoch(5);
    assert.equal(view.isIntact(), true);
    assert.equal(view.lastOffset, 81n);
    assert.equal(view.leaderEpoch, 5);
    assert.deepEqual(
      [...iterateRecords(view)].map(({ offset }) => offset),
      [77n, 78n, 79n, 80n, 81n],
    );
  });

  test('the log append time renews the checksum and stamps the records', () => {
    const view = only(fixture('varied records').bytes);
    view.setLogAppendTime(123n);
    assert.equal(view.isIntact(), true);
    assert.deepEqual(new Set([...iterateRecords(view)].map(({ timestamp }) => timestamp)), new Set([123n]));
  });

  test('keys and values are views, not copies', () => {
    const view = only(fixture('one record').bytes);
    const [record] = [...iterateRecords(view)];
    assert.equal(record?.value?.buffer, view.bytes.buffer);
  });
});

describe('what is not a batch', () => {
  test('every flipped bit behind the leader epoch is seen', () => {
    const { bytes } = fixture('one record');
    for (let bit = 16 * 8; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      assert.throws(() => [...iterateBatches(flipped)], KafkaError, `bit ${bit}`);
    }
  });

  test('an old message format', () => {
    const { bytes } = fixture('one record');
    bytes[16] = 1;
    assert.throws(() => [...iterateBatches(bytes)], code('INVALID_RECORD'));
  });

  test('a length below the header', () => {
    const { bytes } = fixture('one record');
    bytes.writeInt32BE(48, 8);
    assert.throws(() => [...iterateBatches(bytes)], code('CORRUPT_MESSAGE'));
  });

  test('more records counted than stand there, and fewer', () => {
    for (const count of [0, 1, 4, 6, 0x7fffffff, -1]) {
      const { bytes } = fixture('varied records');
      bytes.writeInt32BE(count, 57);
      assert.throws(() => [...iterateRecords(new BatchView(bytes))], code('INVALID_RECORD'), `${count}`);
    }
  });

  test('less than no records', () => {
    const bytes = Buffer.from(encodeBatch({ records: [] }));
    bytes.writeInt32BE(-1, 57);
    assert.throws(() => [...iterateRecords(new BatchView(bytes))], code('INVALID_RECORD'));
  });

  test('less than no headers', () => {
    const { bytes } = fixture('one record');
    bytes.writeUInt8(1, bytes.length - 1); // -1, zigzag
    assert.throws(() => [...iterateRecords(new BatchView(bytes))], code('INVALID_RECORD'));
  });

  test('a record that says another length than it has', () => {
    const { bytes } = fixture('one record');
    assert.equal(bytes[61], 7 * 2); // its length, zigzag
    for (const length of [6, 8, -1]) {
      bytes.writeUInt8(length >= 0 ? length * 2 : 1, 61);
      assert.throws(() => [...iterateRecords(new BatchView(bytes))], code('INVALID_RECORD'), `${length}`);
    }
  });

  test('a number that is no codec', () => {
    const bytes = Uint8Array.from(fixture('one record').bytes);
    bytes[22] = 5; // the attributes' lower byte
    const [view] = [...iterateBatches(bytes, { checkCrc: false })];
    assert.ok(view);
    assert.throws(() => [...iterateRecords(view)], code('UNSUPPORTED_COMPRESSION_TYPE'));
  });

  test('gzip that unpacks beyond the bound', () => {
    const batch = encodeBatch({
      compression: 'gzip',
      records: [{ timestamp: 0n, key: null, value: new Uint8Array(100_000) }],
    });
    const view = only(batch);
    assert.throws(
      () => [...iterateRecords(view, { maxUncompressedBytes: 50_000 })],
      code('MESSAGE_TOO_LARGE'),
    );
    assert.equal([...iterateRecords(view)].length, 1);
  });
});

describe('a batch that a cleaner thinned out', () => {
  test('keeps its offsets, and its times under a delete horizon', () => {
    const batch = encodeBatch({
      baseOffset: 10n,
      lastOffsetDelta: 9,
      deleteHorizonMs: 5_000n,
      records: [{ offsetDelta: 4, timestamp: 1_000n, key: Uint8Array.of(1), value: null }],
    });
    const view = only(batch);
    assert.equal(view.lastOffset, 19n);
    assert.equal(view.deleteHorizonMs, 5_000n);
    const records = [...iterateRecords(view)];
    assert.deepEqual(
      records.map(({ offset, timestamp }) => [offset, timestamp]),
      [[14n, 1_000n]],
    );
  });

  test('may be empty', () => {
    const view = only(encodeBatch({ baseOffset: 3n, lastOffsetDelta: 6, records: [] }));
    assert.equal(view.nextOffset, 10n);
    assert.deepEqual([...iterateRecords(view)], []);
  });
});
