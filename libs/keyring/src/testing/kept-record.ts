import type { StoredKeyLogRecord } from '../key-log.js';

/** A record that may be kept: the bytes of one that a listener is given are good for its call alone. */
export function keptRecord({ key, value, ...place }: StoredKeyLogRecord): StoredKeyLogRecord {
  return { ...place, key: key.slice(), value: value?.slice() ?? null };
}
