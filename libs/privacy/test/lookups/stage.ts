import { ManualClock } from '@oubliette/runtime/testing';
import type { Keyring, UserRef } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { emailIndex, UserLookups, type LookupIndex } from '../../src/index.js';
import { InMemoryLookupStore, type MemoryLookupTransaction } from '../../src/testing/index.js';

export const indexes: readonly LookupIndex[] = [
  emailIndex({ foldLocalPart: true }),
  emailIndex({ name: 'newsletter', purpose: 'marketing' }),
];

/** One process: its keyring and its look-ups, over a topic and a store that it may share. */
export interface Stage {
  readonly clock: ManualClock;
  readonly topic: InMemoryKeyTopic;
  readonly keyring: Keyring;
  readonly store: InMemoryLookupStore;
  readonly lookups: UserLookups<MemoryLookupTransaction>;
  readonly alarms: string[];
  readonly warnings: string[];
  /** Puts users' addresses, by user id, as an application does. */
  put(name: string, values: Readonly<Record<string, readonly string[]>>): Promise<void>;
  find(name: string, value: string): Promise<UserRef[]>;
  close(): Promise<void>;
}

export async function open(shared: Partial<Pick<Stage, 'clock' | 'topic' | 'store'>> = {}): Promise<Stage> {
  const clock = shared.clock ?? new ManualClock();
  const topic = shared.topic ?? new InMemoryKeyTopic({ clock });
  const store = shared.store ?? new InMemoryLookupStore();
  const keyring = await openTestKeyring({ topic, clock });
  const alarms: string[] = [];
  const warnings: string[] = [];
  const lookups = new UserLookups({
    keyring,
    store,
    indexes,
    clock,
    logger: {
      info: () => undefined,
      warn: (message) => warnings.push(message),
      error: (message) => warnings.push(message),
    },
    onAlarm: (code) => alarms.push(code),
  });
  await lookups.start();
  return {
    clock,
    topic,
    keyring,
    store,
    lookups,
    alarms,
    warnings,
    put: async (name, values) => {
      const entries = Object.entries(values).map(([id, list]) => ({
        userRef: keyring.userRef(id),
        values: list,
      }));
      await lookups.prepare(
        name,
        entries.map(({ userRef }) => userRef),
      );
      await store.transaction((tx) => lookups.put(tx, name, entries));
    },
    find: (name, value) => lookups.find(name, value),
    close: async () => {
      await lookups.close();
      await keyring.close();
    },
  };
}

/** Lets work that pauses on the clock go on until it is over. */
export async function through<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  over.catch(() => undefined);
  for (let second = 0; second < 600 && !isOver; second++) await clock.advanceAsync(1_000);
  return over;
}
