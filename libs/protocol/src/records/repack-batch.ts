import { Buffer } from 'node:buffer';
import { BATCH_HEADER_BYTES, BATCH_LENGTH_OVERHEAD, BatchAttribute, BatchView } from './batch-view.js';

const AT = { batchLength: 8, attributes: 21, baseTimestamp: 27 } as const;

/** A batch's records in another shape. Times in ms since the Unix epoch. */
export interface RepackedRecords {
  /** The codec that `payload` is packed with. */
  readonly codec: number;
  readonly payload: Uint8Array;
  /** What the records' timestamps count from. */
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
}

/** A new batch with the header of `batch`, of leader epoch -1 and with the producer's timestamps, and these records. */
export function repackBatch(batch: BatchView, records: RepackedRecords): BatchView {
  const { codec, payload, baseTimestamp, maxTimestamp } = records;
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + payload.length);
  bytes.set(batch.bytes.subarray(0, BATCH_HEADER_BYTES));
  bytes.set(payload, BATCH_HEADER_BYTES);
  bytes.writeInt32BE(bytes.length - BATCH_LENGTH_OVERHEAD, AT.batchLength);
  const kept = batch.attributes & (BatchAttribute.transactional | BatchAttribute.control);
  bytes.writeInt16BE(kept | codec, AT.attributes);
  bytes.writeBigInt64BE(baseTimestamp, AT.baseTimestamp);
  const repacked = new BatchView(bytes);
  repacked.setLeaderEpoch(-1);
  repacked.setCreateTime(maxTimestamp);
  return repacked;
}
