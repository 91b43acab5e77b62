/** A record without what it holds. */
export interface BareRecord {
  readonly key: string;
  /** It holds nothing: compaction takes whatever its key had before. */
  readonly tombstone: boolean;
  readonly offset: bigint;
  /** ms since the Unix epoch. */
  readonly timestamp: number;
}

/** Whether a value holds nothing of what its topic is there for. */
export type IsEmpty = (value: Uint8Array | null) => boolean;

/** A byte order mark is a part of the key: without it a tombstone would be another key's. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function toBareRecord({ key, value, offset, timestamp }: RecordParts, isEmpty: IsEmpty): BareRecord {
  return { key: decoder.decode(key ?? undefined), tombstone: isEmpty(value), offset, timestamp };
}

interface RecordParts {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly offset: bigint;
  readonly timestamp: number;
}
