import { Buffer } from 'node:buffer';
import { encodeBatch, iterateRecords, type BatchView } from '@oubliette/protocol';
import type { TransactionMarker } from './partition-log.js';

/** Kafka's ControlRecordType: the second int16 of a control record's key. */
const controlTypes = { abort: 0, commit: 1 } as const;
const keyVersion = 0;
const valueVersion = 0;
const keyBytes = 4;
const valueBytes = 6;

/** The end of a transaction as it stands in a control batch. */
export interface EndTransactionMarker {
  readonly result: TransactionMarker['result'];
  readonly coordinatorEpoch: number;
  /** ms */
  readonly timestamp: bigint;
}

/** A control batch with one record, as Kafka's MemoryRecords.withEndTransactionMarker makes it: no sequence, no compression. */
export function encodeMarker(marker: TransactionMarker, nowMs: number): Uint8Array {
  const key = Buffer.alloc(keyBytes);
  key.writeInt16BE(keyVersion, 0);
  key.writeInt16BE(controlTypes[marker.result], 2);
  const value = Buffer.alloc(valueBytes);
  value.writeInt16BE(valueVersion, 0);
  value.writeInt32BE(marker.coordinatorEpoch, 2);
  return encodeBatch({
    records: [{ timestamp: BigInt(nowMs), key, value }],
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
    isControl: true,
  });
}

/**
 * The marker in a control batch; null for one that a cleaner emptied, and for control records of another type (a change of leader,
 * of the quorum), which say nothing about a transaction.
 */
export function decodeMarker(batch: BatchView): EndTransactionMarker | null {
  for (const { key, value, timestamp } of iterateRecords(batch)) {
    if (key === null || value === null || key.length < keyBytes || value.length < valueBytes) return null;
    const type = Buffer.from(key.buffer, key.byteOffset, key.length).readInt16BE(2);
    if (type !== controlTypes.abort && type !== controlTypes.commit) return null;
    const coordinatorEpoch = Buffer.from(value.buffer, value.byteOffset, value.length).readInt32BE(2);
    return { result: type === controlTypes.commit ? 'commit' : 'abort', coordinatorEpoch, timestamp };
  }
  return null;
}
