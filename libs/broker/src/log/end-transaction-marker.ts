import { decodeEndTxnMarker, encodeEndTxnMarker, iterateRecords, type BatchView } from '@oubliette/protocol';
import type { TransactionMarker } from './partition-log.js';

/** The end of a transaction as it stands in a control batch. */
export interface EndTransactionMarker {
  readonly result: TransactionMarker['result'];
  readonly coordinatorEpoch: number;
  /** ms */
  readonly timestamp: bigint;
}

/** The control batch that ends a transaction. */
export function encodeMarker(marker: TransactionMarker, nowMs: number): Uint8Array {
  return encodeEndTxnMarker({ ...marker, timestamp: BigInt(nowMs) });
}

/**
 * The marker in a control batch; null for one that a cleaner emptied, and for control records of another type (a change of leader,
 * of the quorum), which say nothing about a transaction. Throws KafkaError INVALID_RECORD.
 */
export function decodeMarker(batch: BatchView): EndTransactionMarker | null {
  for (const record of iterateRecords(batch)) {
    const marker = decodeEndTxnMarker(record);
    return marker === null ? null : { ...marker, timestamp: record.timestamp };
  }
  return null;
}
