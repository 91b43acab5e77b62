import type { Sodium } from './crypto/sodium.js';
import type { KeyLogRecord } from './key-log.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import type { DeadRecord } from './keyring.js';
import { userKeyName } from './record-keys.js';
import { encodeRetirement, type Retirement } from './retirement-record.js';
import type { UserEntry } from './user-entry.js';

/** The dead records of these users. */
export function deadRecordsOf(entries: Iterable<UserEntry>): DeadRecord[] {
  const dead: DeadRecord[] = [];
  for (const { userRef, partition, dead: kids } of entries) {
    for (const kid of kids) dead.push({ userRef, kid, partition });
  }
  return dead;
}

/** Ends key records in the log. `fenceKey` authenticates the statement that a key's time was over. */
export class Undertaker {
  constructor(
    private readonly sodium: Sodium,
    private readonly fenceKey: Uint8Array,
    private readonly writer: KeyLogWriter,
  ) {}

  /** Buries the dead records of these users and reads that back: tombstones, or the statement that the key ended. Returns how many. */
  async bury(entries: Iterable<UserEntry>): Promise<number> {
    const byPartition = new Map<number, KeyLogRecord[]>();
    for (const entry of entries) {
      const records = listAt(byPartition, entry.partition);
      for (const kid of entry.dead) records.push(this.#end(entry, kid, entry.retired?.get(kid)));
    }
    return this.#write(byPartition);
  }

  /** Writes that keys ended by themselves, and reads it back. */
  async retire(
    keys: Iterable<{ readonly entry: UserEntry; readonly kid: string; readonly retirement: Retirement }>,
  ): Promise<number> {
    const byPartition = new Map<number, KeyLogRecord[]>();
    for (const { entry, kid, retirement } of keys) {
      listAt(byPartition, entry.partition).push(this.#end(entry, kid, retirement));
    }
    return this.#write(byPartition);
  }

  #end({ userRef }: UserEntry, kid: string, retirement: Retirement | undefined): KeyLogRecord {
    const value = retirement
      ? encodeRetirement(this.sodium, this.fenceKey, { userRef, kid }, retirement)
      : null;
    return { key: userKeyName(userRef, kid), value };
  }

  async #write(byPartition: ReadonlyMap<number, readonly KeyLogRecord[]>): Promise<number> {
    let written = 0;
    for (const [partition, records] of byPartition) {
      for (let from = 0; from < records.length; from += MAX_BATCH_RECORDS) {
        await this.writer.appendAndRead(partition, records.slice(from, from + MAX_BATCH_RECORDS));
      }
      written += records.length;
    }
    return written;
  }
}

function listAt(lists: Map<number, KeyLogRecord[]>, partition: number): KeyLogRecord[] {
  const list = lists.get(partition) ?? [];
  lists.set(partition, list);
  return list;
}
