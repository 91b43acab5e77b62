import { KafkaError } from '../kafka-error.js';
import { endTxnMarker } from '../messages/end-txn-marker.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import { encodeBatch } from './encode-batch.js';
import type { DecodedRecord } from './iterate-records.js';

/** The types of control records; the number stands in the key behind its version (Kafka's ControlRecordType). */
export const ControlRecordType = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const;

const KEY_VERSION = 0;
const KEY_BYTES = 4;
const MARKER_VERSION = 0;

/** The end of a producer's transaction in one partition. */
export interface EndTxnMarker {
  readonly result: 'commit' | 'abort';
  readonly coordinatorEpoch: number;
}

export interface MarkerBatch extends EndTxnMarker {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** ms since the Unix epoch. */
  readonly timestamp: bigint;
  readonly baseOffset?: bigint;
  readonly leaderEpoch?: number;
}

/** The control batch that ends a transaction, as Kafka's MemoryRecords.withEndTransactionMarker writes it. */
export function encodeEndTxnMarker(marker: MarkerBatch): Uint8Array {
  const { result, coordinatorEpoch, timestamp, producerId, producerEpoch, baseOffset, leaderEpoch } = marker;
  const writer = new ByteWriter(16);
  writer.int16(KEY_VERSION);
  writer.int16(ControlRecordType[result]);
  const key = writer.finish();
  writer.int16(MARKER_VERSION);
  endTxnMarker.encode(MARKER_VERSION, writer, { coordinatorEpoch });
  return encodeBatch({
    records: [{ timestamp, key, value: writer.finish() }],
    producerId,
    producerEpoch,
    isTransactional: true,
    isControl: true,
    ...(baseOffset === undefined ? {} : { baseOffset }),
    ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
  });
}

/** The type of a control record, also one that `ControlRecordType` does not name. Throws `KafkaError` INVALID_RECORD. */
export function controlRecordType(key: Uint8Array | null): number {
  if (key === null || key.length < KEY_BYTES) {
    throw new KafkaError(
      'INVALID_RECORD',
      `a control record's key of ${key?.length ?? 0} bytes, it has at least 4`,
    );
  }
  const reader = new ByteReader(key);
  const version = reader.int16();
  if (version < 0) throw new KafkaError('INVALID_RECORD', `a control record's key of version ${version}`);
  return reader.int16();
}

/**
 * What a record of a control batch says of a transaction; null when it is of another type. Throws `KafkaError` INVALID_RECORD
 * for one that cannot be read.
 */
export function decodeEndTxnMarker(record: Pick<DecodedRecord, 'key' | 'value'>): EndTxnMarker | null {
  const type = controlRecordType(record.key);
  if (type !== ControlRecordType.commit && type !== ControlRecordType.abort) return null;
  const { value } = record;
  if (value === null || value.length < 6) {
    throw new KafkaError(
      'INVALID_RECORD',
      `a transaction marker of ${value?.length ?? 0} bytes, it has at least 6`,
    );
  }
  const reader = new ByteReader(value);
  const version = reader.int16();
  if (version < 0) throw new KafkaError('INVALID_RECORD', `a transaction marker of version ${version}`);
  // Later versions only add to this one (Kafka's EndTransactionMarker).
  const { coordinatorEpoch } = endTxnMarker.decode(MARKER_VERSION, reader);
  return { result: type === ControlRecordType.commit ? 'commit' : 'abort', coordinatorEpoch };
}
