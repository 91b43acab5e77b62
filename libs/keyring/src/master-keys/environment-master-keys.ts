import type { Entropy } from '@oubliette/runtime';
import { loadSodium } from '../crypto/sodium.js';
import { KeyringError } from '../errors.js';
import { HeldMasterKeys, type KeySource } from './held-master-keys.js';
import { isEpoch, parseKeyText, wipeKeySet, type EpochKey, type KeySet } from './key-set.js';
import { masterKeySettingInvalid } from './master-key-errors.js';
import type { MasterKeys } from './master-keys.js';

/** `process.env`, or what stands for it in a test. */
export type Environment = Record<string, string | undefined>;

/**
 * Master keys from an environment variable: `<epoch>:<32 bytes in base64>`, several separated by commas or blanks; the
 * highest epoch is current. The variable is removed from `environment` once it was read. `advance` and `destroy` reject
 * with `MASTER_KEY_FIXED` unless the deployment has done it already.
 * Rejects with `MASTER_KEY_MISSING` or `MASTER_KEY_SETTING_INVALID`.
 */
export async function readEnvironmentMasterKeys(
  name: string,
  environment: Environment,
  entropy: Entropy,
): Promise<MasterKeys> {
  const sodium = await loadSodium();
  const text = environment[name];
  if (text === undefined || text.trim() === '') {
    throw new KeyringError(
      'MASTER_KEY_MISSING',
      `The environment variable ${name} has no master keys: give it <epoch>:<32 bytes in base64>. It is removed once read, so it can be read only once a process.`,
    );
  }
  const keys = parseVariable(name, text);
  delete environment[name];
  return new HeldMasterKeys(sodium, entropy, new EnvironmentKeys(name, keys));
}

function parseVariable(name: string, text: string): KeySet {
  const keys = text
    .trim()
    .split(/[\s,]+/)
    .map((entry, index) => parseEntry(name, entry, index));
  if (new Set(keys.map(({ epoch }) => epoch)).size !== keys.length)
    throw masterKeySettingInvalid(`The environment variable ${name} gives an epoch twice.`);
  return { current: Math.max(...keys.map(({ epoch }) => epoch)), keys };
}

/** The text itself is never repeated: it is a key. */
function parseEntry(name: string, entry: string, index: number): EpochKey {
  const colon = entry.indexOf(':');
  const digits = entry.slice(0, Math.max(colon, 0));
  const epoch = /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : NaN;
  const key = parseKeyText(entry.slice(colon + 1));
  if (isEpoch(epoch) && key) return { epoch, key };
  throw masterKeySettingInvalid(
    `Entry ${index + 1} of the environment variable ${name} is not <epoch>:<32 bytes in base64>, with an epoch from 1 and bytes that are not all zero.`,
  );
}

/** Keys that no call changes: they come with the process. */
class EnvironmentKeys implements KeySource {
  readonly name: string;
  readonly #set: KeySet;

  constructor(variable: string, set: KeySet) {
    this.name = `the environment variable ${variable}`;
    this.#set = set;
  }

  read(): KeySet {
    const { current, keys } = this.#set;
    return { current, keys: keys.map(({ epoch, key }) => ({ epoch, key: key.slice() })) };
  }

  change(edit: (standing: KeySet) => KeySet | null): KeySet {
    const standing = this.read();
    const next = edit(standing);
    if (!next) return standing;
    const added = next.keys.filter(({ epoch }) => !standing.keys.some((key) => key.epoch === epoch));
    wipeKeySet({ current: 0, keys: [...standing.keys, ...added] });
    throw new KeyringError(
      'MASTER_KEY_FIXED',
      added.length > 0
        ? `The master keys come from ${this.name}, which a process cannot change: add ${next.current}:<32 random bytes in base64> to it, beside the keys it has, start every process with it, and ask again.`
        : `The master keys come from ${this.name}, which a process cannot change: take the epochs up to the destroyed one out of it and out of the place it is kept in, start every process without them, and ask again.`,
    );
  }

  close(): void {
    wipeKeySet(this.#set);
  }
}
