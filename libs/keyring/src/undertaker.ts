import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import type { DeadRecord } from './keyring.js';
import { userKeyName } from './record-keys.js';
import type { UserEntry } from './user-entry.js';

/** The dead records of these users. */
export function deadRecordsOf(entries: Iterable<UserEntry>): DeadRecord[] {
  const dead: DeadRecord[] = [];
  for (const { userRef, partition, dead: kids } of entries) {
    for (const kid of kids) dead.push({ userRef, kid, partition });
  }
  return dead;
}

/** Tombstones dead records, one batch a partition (at most 1000 each), and reads the tombstones back. */
export async function bury(writer: KeyLogWriter, dead: readonly DeadRecord[]): Promise<number> {
  const byPartition = new Map<number, DeadRecord[]>();
  for (const record of dead) {
    const others = byPartition.get(record.partition);
    if (others) others.push(record);
    else byPartition.set(record.partition, [record]);
  }
  for (const [partition, records] of byPartition) {
    for (let from = 0; from < records.length; from += MAX_BATCH_RECORDS) {
      const batch = records.slice(from, from + MAX_BATCH_RECORDS);
      await writer.appendAndRead(
        partition,
        batch.map(({ userRef, kid }) => ({ key: userKeyName(userRef, kid), value: null })),
      );
    }
  }
  return dead.length;
}
