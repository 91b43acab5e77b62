import { test } from 'node:test';
import type { Timer } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import type { KeyLog, StoredKeyLogRecord } from '../key-log.js';
import type { Binding, Keyring, UserRef } from '../keyring.js';
import { parseRecordKey } from '../record-keys.js';
import type { KeyTopicHarness } from './key-log-contract.js';
import { keptRecord } from './kept-record.js';
import { onlyRecords } from './only-records.js';
import { openTestKeyring, type TestKeyringOptions } from './test-keyring.js';

export const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
export const secret = new TextEncoder().encode('a personal value');

/** A key topic of one check, and processes on it. */
export interface Stage {
  /** A keyring as another process would have it. */
  keyring(options?: TestKeyringOptions): Promise<Keyring>;
  log(): Promise<KeyLog>;
  /** A log of another, empty topic. */
  elsewhere(): Promise<KeyLog>;
  /** Everything that stands in the topic, per partition in offset order. */
  scan(): Promise<StoredKeyLogRecord[]>;
}

export type Check = (what: string, body: (stage: Stage) => Promise<void>) => void;

/** Tests under a name, each on a topic of its own; what one opened is closed behind it. */
export function checks(name: string, make: () => Promise<KeyTopicHarness>): Check {
  return (what, body) => {
    test(`${name}: ${what}`, async () => {
      const harness = await make();
      const disposals = [() => harness.dispose()];
      const own = <T extends { close(): Promise<void> }>(item: T): T => {
        disposals.push(() => item.close());
        return item;
      };
      const stage: Stage = {
        keyring: async (options = {}) =>
          own(await openTestKeyring({ ...options, log: options.log ?? (await harness.open()) })),
        log: async () => own(await harness.open()),
        elsewhere: async () => {
          const other = await make();
          disposals.push(() => other.dispose());
          return own(await other.open());
        },
        scan: () => scan(harness),
      };
      try {
        await body(stage);
      } finally {
        for (const dispose of disposals.reverse()) await dispose();
      }
    });
  };
}

/** What is scheduled for later than this waits for its time: nobody awaits it. ms. */
const longestPause = 120_000;

/** A clock that stands still, on which whoever pauses need not wait. */
export class UnwaitingClock extends ManualClock {
  override schedule(delayMs: number, run: () => void): Timer {
    if (delayMs > longestPause) return super.schedule(delayMs, run);
    const soon = setImmediate(run);
    return { cancel: () => clearImmediate(soon) };
  }
}

export function isKeyOf(key: Uint8Array, userRef: UserRef): boolean {
  const name = parseRecordKey(key);
  return name?.kind === 'user-key' && name.userRef === userRef;
}

async function scan(harness: KeyTopicHarness): Promise<StoredKeyLogRecord[]> {
  const log = await harness.open();
  const records: StoredKeyLogRecord[] = [];
  await log.follow(onlyRecords((batch) => void records.push(...batch.map(keptRecord))));
  await log.close();
  return records;
}
