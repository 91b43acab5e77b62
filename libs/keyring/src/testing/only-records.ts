import type { KeyLogListener, StoredKeyLogRecord } from '../key-log.js';

/** A listener that takes the records and nothing else. */
export function onlyRecords(take: (records: readonly StoredKeyLogRecord[]) => void): KeyLogListener {
  return { records: take, restarted: () => undefined, replayed: () => undefined };
}
