import { BatchView, encodeBatch, iterateBatches, iterateRecords, type BatchSpec } from '@oubliette/protocol';

/** A moment near the present, the same for both brokers of one run. */
export const runMs = BigInt(Date.now());

/** Records with keys k0, k1, … and increasing timestamps. */
export function records(count: number, timestamp = runMs): BatchSpec['records'] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: timestamp + BigInt(index),
    key: Buffer.from(`k${index}`),
    value: Buffer.from(`value ${index} `.repeat(20)),
  }));
}

export function batchOf(count: number, spec: Partial<BatchSpec> = {}): Uint8Array {
  return encodeBatch({ records: records(count), ...spec });
}

/** A batch with bytes overwritten; the CRC is made right again unless `keepCrc`. */
export function patched(
  batch: Uint8Array,
  change: (view: DataView) => void,
  options: { readonly keepCrc?: boolean } = {},
): Uint8Array {
  const copy = Uint8Array.from(batch);
  const view = new DataView(copy.buffer);
  change(view);
  if (options.keepCrc !== true) view.setUint32(17, new BatchView(copy).computeCrc());
  return copy;
}

/** Where the fields of a batch's header stand. */
export const at = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Stored batches told field by field, without what the codec's implementation decides. */
export function told(bytes: Uint8Array, options: { readonly stamped?: boolean } = {}): unknown {
  return [...iterateBatches(bytes, { partialTail: 'ignore' })].map((batch) => ({
    baseOffset: batch.baseOffset,
    lastOffsetDelta: batch.lastOffsetDelta,
    leaderEpoch: batch.leaderEpoch,
    attributes: batch.attributes,
    baseTimestamp: batch.baseTimestamp,
    maxTimestamp: options.stamped === true ? 'now' : batch.maxTimestamp,
    producer: [batch.producerId, batch.producerEpoch, batch.baseSequence],
    records: [...iterateRecords(batch)].map((record) => ({
      offset: record.offset,
      timestamp: options.stamped === true ? 'now' : record.timestamp,
      key: hex(record.key),
      value: hex(record.value),
      headers: record.headers.map(({ key, value }) => [key, hex(value)]),
    })),
  }));
}

export function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}
