import assert from 'node:assert/strict';
import type { Keyring, MasterKeys, StoredKeyLogRecord, UserRef } from '../../src/index.js';
import { loadSodium } from '../../src/crypto/sodium.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../../src/testing/index.js';
import { binding, secret } from '../process.js';
import { CountedEntropy, ImpatientClock } from './quick-twins.js';

/** What stood in the topic before the processes of a run began. */
export interface Ground {
  readonly records: readonly StoredKeyLogRecord[];
  readonly masterKeys: MasterKeys;
  readonly userRef: UserRef;
  readonly sealed: readonly Uint8Array[];
}

export type GroundName =
  'nobody' | 'a user' | 'a user with marketing' | 'a forgotten user' | 'a user without marketing';

/** One for all runs: no two draw the same bytes. */
export const entropy = new CountedEntropy();

/** Loaded once: it searches libsodium's memory, which takes longer than a run. */
export const sodium = await loadSodium();

/** `isTurning`: the next master-key epoch was put in force, and nothing wrapped anew. */
export async function prepareGround(name: GroundName, isTurning: boolean): Promise<Ground> {
  const clock = new ImpatientClock();
  const topic = new InMemoryKeyTopic({ partitions: 1, clock });
  const masterKeys = await new InMemoryMasterKeyService().open();
  const keyring = await openTestKeyring({ topic, clock, masterKeys, entropy, sodium });
  const userRef = keyring.userRef('ada');
  const sealed = await settle(keyring, userRef, name);
  if (isTurning) await putNextEpochInForce(keyring);
  await keyring.close();
  return { records: topic.records(0), masterKeys, userRef, sealed };
}

async function settle(keyring: Keyring, userRef: UserRef, name: GroundName): Promise<Uint8Array[]> {
  if (name === 'nobody') return [];
  await keyring.ensureKeys([userRef]);
  const sealed = [keyring.seal(userRef, binding, secret)];
  if (name === 'a forgotten user') await keyring.forget(userRef);
  if (!name.endsWith('marketing')) return sealed;
  await keyring.ensureKeys([userRef], 'marketing');
  sealed.push(keyring.seal(userRef, binding, secret, 'marketing'));
  if (name === 'a user without marketing') await keyring.withdraw(userRef, 'marketing');
  return sealed;
}

async function putNextEpochInForce(keyring: Keyring): Promise<void> {
  const stop = new AbortController();
  const turn = keyring.advanceEpoch({
    signal: stop.signal,
    onProgress: ({ step }) => {
      if (step === 'putting in force') stop.abort(new Error('cut short'));
    },
  });
  await assert.rejects(turn, /cut short/);
}

/** A topic of its own on the same ground. */
export function topicOn({ records }: Ground, clock: ImpatientClock): InMemoryKeyTopic {
  const topic = new InMemoryKeyTopic({ partitions: 1, clock });
  topic.append(0, records);
  return topic;
}
