import type { StoredKeyLogRecord } from '@oubliette/keyring';
import type { ReceivedRecord } from '../ports.js';

const noKey = new Uint8Array(0);

/** A record of the key topic as it came. */
export function stored({ partition, offset, timestamp, key, value }: ReceivedRecord): StoredKeyLogRecord {
  // A compacted topic takes no record without a key; the empty key is nobody's.
  return { partition, offset, timestamp, key: key ?? noKey, value };
}
