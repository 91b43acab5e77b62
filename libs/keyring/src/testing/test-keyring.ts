import { SystemEntropy } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { loadSodium, type Sodium } from '../crypto/sodium.js';
import type { Keyring } from '../keyring.js';
import type { MasterKeys } from '../master-keys/master-keys.js';
import { openKeyringOver, type KeyringOptions } from '../open-keyring.js';
import { InMemoryKeyTopic } from './in-memory-key-topic.js';
import { InMemoryMasterKeyService } from './in-memory-master-keys.js';

/** Master keys that every test may know: the same seed gives the same key. */
export function testMasterKeys(seed = 1): Promise<MasterKeys> {
  return new InMemoryMasterKeyService(seed).open();
}

export interface TestKeyringOptions extends Partial<KeyringOptions> {
  /** Share one topic between keyrings that stand for several processes; default one of its own. `log` comes before it. */
  readonly topic?: InMemoryKeyTopic;
  /** Ciphers of one driver alone; default those that the process has. */
  readonly sodium?: Sodium;
}

/**
 * A complete keyring on memory, for other libs' tests: about a millisecond. Seed `entropy` to repeat a run, each keyring on a topic with
 * another seed: two must not draw the same bytes.
 */
export async function openTestKeyring(options: TestKeyringOptions = {}): Promise<Keyring> {
  const { topic = new InMemoryKeyTopic(), sodium, ...others } = options;
  return openKeyringOver(() => (sodium ? Promise.resolve(sodium) : loadSodium()), {
    log: topic.open(),
    masterKeys: options.masterKeys ?? (await testMasterKeys()),
    clock: new ManualClock(),
    entropy: new SystemEntropy(),
    ...others,
  });
}
