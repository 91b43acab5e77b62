import { SystemEntropy, type Clock, type Entropy } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { loadSodium, type Sodium } from '../crypto/sodium.js';
import type { KeyLog } from '../key-log.js';
import type { Keyring } from '../keyring.js';
import type { MasterKeys } from '../master-keys/master-keys.js';
import { openKeyringOver, type KeyringOptions } from '../open-keyring.js';
import { InMemoryKeyTopic } from './in-memory-key-topic.js';
import { InMemoryMasterKeyService } from './in-memory-master-keys.js';

/** Master keys that every test may know: the same seed gives the same key. */
export function testMasterKeys(seed = 1): Promise<MasterKeys> {
  return new InMemoryMasterKeyService(seed).open();
}

export interface TestKeyringOptions {
  /** Share one topic between keyrings that stand for several processes; default one of its own. */
  readonly topic?: InMemoryKeyTopic;
  /** Instead of a log of `topic`. */
  readonly log?: KeyLog;
  readonly clock?: Clock;
  /** Seed it to repeat a run, each keyring on a topic with another seed: two must not draw the same bytes. */
  readonly entropy?: Entropy;
  readonly masterKeys?: MasterKeys;
  readonly policies?: KeyringOptions['policies'];
  readonly leaseMs?: number;
  /** Ciphers of one driver alone; default those that the process has. */
  readonly sodium?: Sodium;
}

/** A complete keyring on memory, for other libs' tests: about a millisecond. */
export async function openTestKeyring(options: TestKeyringOptions = {}): Promise<Keyring> {
  const topic = options.topic ?? new InMemoryKeyTopic();
  const log = options.log ?? topic.open();
  return openKeyringOver(() => (options.sodium ? Promise.resolve(options.sodium) : loadSodium()), {
    log,
    masterKeys: options.masterKeys ?? (await testMasterKeys()),
    clock: options.clock ?? new ManualClock(),
    entropy: options.entropy ?? new SystemEntropy(),
    ...(options.policies === undefined ? {} : { policies: options.policies }),
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
  });
}
