import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  controlRecordType,
  ControlRecordType,
  decodeEndTxnMarker,
  encodeEndTxnMarker,
  iterateBatches,
  iterateRecords,
  KafkaError,
} from '../../src/index.js';
import { markerFixtures } from '../oracle/fixtures.js';

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const invalid = (error: unknown): boolean =>
  error instanceof KafkaError && error.codeName === 'INVALID_RECORD';

describe("a transaction's end against Kafka's own bytes", () => {
  for (const { marker, hex } of markerFixtures()) {
    test(marker.name, () => {
      const { result, coordinatorEpoch, producerEpoch, leaderEpoch } = marker;
      const batch = encodeEndTxnMarker({
        result,
        coordinatorEpoch,
        producerId: BigInt(marker.producerId),
        producerEpoch,
        timestamp: BigInt(marker.timestamp),
        baseOffset: BigInt(marker.baseOffset),
        leaderEpoch,
      });
      assert.equal(Buffer.from(batch).toString('hex'), hex);
      const [view] = [...iterateBatches(bytes(hex))];
      assert.ok(view);
      assert.ok(view.isControl && view.isTransactional);
      const [record] = [...iterateRecords(view)];
      assert.ok(record);
      assert.deepEqual(decodeEndTxnMarker(record), { result, coordinatorEpoch });
    });
  }
});

describe('control records', () => {
  test('of another type say nothing of transactions', () => {
    const leaderChange = { key: bytes('00000002'), value: bytes('0000') };
    assert.equal(controlRecordType(leaderChange.key), ControlRecordType.leaderChange);
    assert.equal(decodeEndTxnMarker(leaderChange), null);
    assert.equal(decodeEndTxnMarker({ key: bytes('00007fff'), value: null }), null);
  });

  test('a later version is read as this one', () => {
    const later = { key: bytes('000500010000'), value: bytes('0001' + '00000009' + 'ff') };
    assert.deepEqual(decodeEndTxnMarker(later), { result: 'commit', coordinatorEpoch: 9 });
  });

  test('too short, or of a version below 0', () => {
    for (const [key, value] of [
      [null, ''],
      ['000000', '000000000000'],
      ['ffff0000', '000000000000'],
      ['00000000', null],
      ['00000000', '0000000000'],
      ['00000000', 'ffff00000000'],
    ] as const) {
      const record = { key: key === null ? null : bytes(key), value: value === null ? null : bytes(value) };
      assert.throws(() => decodeEndTxnMarker(record), invalid, `${key} ${value}`);
    }
  });
});
