import { isRetirement, type StoredKeyLogRecord } from '@oubliette/keyring';

/** A record of the key topic without what it holds. */
export interface KeyTopicRecord {
  readonly key: string;
  /** It has no value, or states that a key's lifetime was over: no key is in it either way. */
  readonly tombstone: boolean;
  readonly offset: bigint;
  /** ms since the Unix epoch. */
  readonly timestamp: number;
}

const decoder = new TextDecoder();

export function toKeyTopicRecord({ key, value, offset, timestamp }: KeyTopicParts): KeyTopicRecord {
  return {
    key: decoder.decode(key ?? undefined),
    tombstone: value === null || isRetirement(value),
    offset,
    timestamp,
  };
}

type KeyTopicParts = Pick<StoredKeyLogRecord, 'value' | 'offset' | 'timestamp'> & {
  readonly key: Uint8Array | null;
};
