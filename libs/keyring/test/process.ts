import { parseRecordKey, type Keyring, type StoredKeyLogRecord, type UserRef } from '../src/index.js';
import { ManualClock } from '@oubliette/runtime/testing';
import { openTestKeyring, type InMemoryKeyLog, type InMemoryKeyTopic } from '../src/testing/index.js';
import { failsWith } from '../src/testing/fails-with.js';
import { binding, secret } from '../src/testing/keyring-stage.js';

export { binding, failsWith, secret };

/** One turn of the event loop: everything that can go on has. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A process on the topic: its keyring, its view of the log, and the alarms that it raised. */
export interface Process {
  readonly keyring: Keyring;
  readonly log: InMemoryKeyLog;
  readonly alarms: string[];
}

/** A keyring that stands for one process on the topic. */
export async function start(topic: InMemoryKeyTopic): Promise<Process> {
  const log = topic.open();
  const keyring = await openTestKeyring({ log, clock: new ManualClock() });
  const alarms: string[] = [];
  keyring.onAlarm(({ code }) => alarms.push(code));
  return { keyring, log, alarms };
}

/** The user's key records as they stand in the topic, tombstones included. */
export function keyRecords(
  topic: InMemoryKeyTopic,
  keyring: Keyring,
  userRef: UserRef,
): StoredKeyLogRecord[] {
  return topic.records(keyring.partitionOf(userRef)).filter(({ key }) => {
    const name = parseRecordKey(key);
    return name?.kind === 'user-key' && name.userRef === userRef;
  });
}

/** The kid in a user key's record key. */
export function keyName(key: Uint8Array): string {
  const name = parseRecordKey(key);
  return name?.kind === 'user-key' ? name.kid : '';
}
