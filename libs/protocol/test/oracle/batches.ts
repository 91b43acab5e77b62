import type { BatchSpec, CompressionName } from '../../src/index.js';

/** A batch to be written by Kafka's builder; int64 as numbers, bytes as hex. */
export interface BatchDescription {
  readonly name: string;
  readonly compression: CompressionName;
  readonly level?: number;
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  /** -1: not stamped by the log. */
  readonly logAppendTime: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly records: readonly {
    readonly offsetDelta: number;
    readonly timestamp: number;
    readonly key: string | null;
    readonly value: string | null;
    readonly headers: readonly { readonly key: string; readonly value: string | null }[];
  }[];
}

export interface BatchFixture {
  readonly batch: BatchDescription;
  readonly hex: string;
}

export function batchQuestion(batch: BatchDescription): string {
  return `write ${JSON.stringify(batch)}`;
}

export const PLAIN = {
  name: 'plain',
  compression: 'none',
  baseOffset: 0,
  leaderEpoch: -1,
  logAppendTime: -1,
  producerId: -1,
  producerEpoch: -1,
  baseSequence: -1,
  isTransactional: false,
} as const;

const hex = (text: string): string => Buffer.from(text).toString('hex');

const record = (
  offsetDelta: number,
  timestamp: number,
  key: string | null,
  value: string | null,
): BatchDescription['records'][number] => ({ offsetDelta, timestamp, key, value, headers: [] });

const VARIED: BatchDescription['records'] = [
  record(0, 1_700_000_000_000, hex('key'), hex('value')),
  record(1, 1_700_000_000_007, null, hex('no key')),
  record(2, 1_699_999_999_990, hex('tombstone'), null),
  record(3, 1_700_000_900_000, '', ''),
  {
    ...record(4, 1_700_000_000_000, null, hex('x'.repeat(300))),
    headers: [
      { key: 'traceparent', value: hex('00-1') },
      { key: 'empty', value: '' },
      { key: 'null', value: null },
      { key: 'schlüssel', value: hex('y'.repeat(80)) },
    ],
  },
];

export const BATCHES: readonly BatchDescription[] = [
  { ...PLAIN, name: 'one record', records: [record(0, 1, null, hex('a'))] },
  { ...PLAIN, name: 'varied records', records: VARIED },
  { ...PLAIN, name: 'gzip', compression: 'gzip', records: VARIED },
  { ...PLAIN, name: 'gzip, level 9', compression: 'gzip', level: 9, records: VARIED },
  { ...PLAIN, name: 'snappy', compression: 'snappy', records: VARIED },
  { ...PLAIN, name: 'lz4', compression: 'lz4', records: VARIED },
  { ...PLAIN, name: 'lz4, level 17', compression: 'lz4', level: 17, records: VARIED },
  { ...PLAIN, name: 'zstd', compression: 'zstd', records: VARIED },
  { ...PLAIN, name: 'zstd, level 22', compression: 'zstd', level: 22, records: VARIED },
  { ...PLAIN, name: 'zstd, level -5', compression: 'zstd', level: -5, records: VARIED },
  {
    ...PLAIN,
    name: 'idempotent and transactional',
    baseOffset: 9_007_199_254_740_000,
    leaderEpoch: 7,
    producerId: 4_000_000_001,
    producerEpoch: 3,
    baseSequence: 2_147_483_646,
    isTransactional: true,
    records: VARIED,
  },
  { ...PLAIN, name: 'stamped by the log', logAppendTime: 1_800_000_000_000, records: VARIED },
  { ...PLAIN, name: 'gaps', records: [record(3, 5, hex('a'), null), record(70_000, 6, hex('b'), null)] },
];

/** A transaction's end, to be written by Kafka's MemoryRecords. */
export interface MarkerDescription {
  readonly name: string;
  readonly result: 'commit' | 'abort';
  readonly coordinatorEpoch: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly timestamp: number;
  readonly baseOffset: number;
  readonly leaderEpoch: number;
}

export interface MarkerFixture {
  readonly marker: MarkerDescription;
  readonly hex: string;
}

export const MARKERS: readonly MarkerDescription[] = [
  {
    name: 'commit',
    result: 'commit',
    coordinatorEpoch: 0,
    producerId: 0,
    producerEpoch: 0,
    timestamp: 1_700_000_000_000,
    baseOffset: 0,
    leaderEpoch: 0,
  },
  {
    name: 'abort',
    result: 'abort',
    coordinatorEpoch: 77,
    producerId: 4_000_000_001,
    producerEpoch: 32_766,
    timestamp: 1_800_000_000_000,
    baseOffset: 9_007_199_254_740_000,
    leaderEpoch: 7,
  },
];

/** The same batch for our encoder. */
export function toSpec(batch: BatchDescription): BatchSpec {
  const { compression, level } = batch;
  const bytes = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text, 'hex'));
  return {
    compression,
    ...(level === undefined ? {} : { compressionLevel: level }),
    baseOffset: BigInt(batch.baseOffset),
    leaderEpoch: batch.leaderEpoch,
    producerId: BigInt(batch.producerId),
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    ...(batch.logAppendTime < 0 ? {} : { logAppendTime: BigInt(batch.logAppendTime) }),
    records: batch.records.map(({ offsetDelta, timestamp, key, value, headers }) => ({
      offsetDelta,
      timestamp: BigInt(timestamp),
      key: bytes(key),
      value: bytes(value),
      headers: headers.map((header) => ({ key: header.key, value: bytes(header.value) })),
    })),
  };
}
