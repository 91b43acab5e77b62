import { dirname } from 'node:path';
import { DiskError, type Disk, type Entropy } from '@oubliette/runtime';
import { loadSodium } from '../crypto/sodium.js';
import { KeyringError } from '../errors.js';
import { HeldMasterKeys, type KeySource } from './held-master-keys.js';
import { decodeKeyFile, encodeKeyFile, keyFileInvalid } from './key-file-format.js';
import { firstKeys, wipeKeySet, type KeySet } from './key-set.js';
import { masterKeyUnavailable } from './master-key-errors.js';
import type { MasterKeys } from './master-keys.js';

/** For the owner alone. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * Makes a key file with one random key of epoch 1, mode 0600, and its directory (0700) when missing.
 * Throws `MASTER_KEY_FILE_EXISTS`: a key file is never replaced, because what it wraps would be lost with it.
 */
export function createMasterKeyFile(path: string, disk: Disk, entropy: Entropy): void {
  if (disk.existsSync(path)) {
    throw new KeyringError(
      'MASTER_KEY_FILE_EXISTS',
      `There is a master-key file at ${path} already: use it.`,
    );
  }
  const keys = firstKeys(entropy);
  const content = encodeKeyFile(keys);
  wipeKeySet(keys);
  disk.makeDirectorySync(dirname(path), DIRECTORY_MODE);
  disk.replaceFileSync(path, content, FILE_MODE);
  content.fill(0);
}

/**
 * Reads a key file: `{ "version": 1, "current": <epoch>, "keys": [{ "epoch": <epoch>, "key": <32 bytes in base64> }] }`.
 * Rejects with `MASTER_KEY_MISSING`, `MASTER_KEY_FILE_OPEN` (others than the owner may read it) or `MASTER_KEY_FILE_INVALID`.
 */
export async function loadMasterKeyFile(path: string, disk: Disk, entropy: Entropy): Promise<MasterKeys> {
  return new HeldMasterKeys(await loadSodium(), entropy, new KeyFile(path, disk));
}

/** A key file, read anew at each call; changed under a lock beside it, as one step. */
class KeyFile implements KeySource {
  readonly name: string;
  readonly #path: string;
  readonly #disk: Disk;

  constructor(path: string, disk: Disk) {
    this.name = `the key file ${path}`;
    this.#path = path;
    this.#disk = disk;
  }

  read(): KeySet {
    const [path, disk] = [this.#path, this.#disk];
    if (!disk.existsSync(path)) {
      throw new KeyringError(
        'MASTER_KEY_MISSING',
        `There is no master-key file at ${path}: put the one back that this deployment was started with, or, for a new deployment, make one with createMasterKeyFile of @oubliette/keyring.`,
      );
    }
    const { kind, mode } = disk.statSync(path);
    if (kind !== 'file') throw keyFileInvalid(path, 'it is a directory');
    if ((mode & 0o077) !== 0) {
      throw new KeyringError(
        'MASTER_KEY_FILE_OPEN',
        `The master-key file ${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others can reach it. Run chmod 600 on it, and turn the epoch if somebody may have read it.`,
      );
    }
    const content = disk.readFileSync(path);
    try {
      return decodeKeyFile(path, content);
    } finally {
      content.fill(0);
    }
  }

  change(edit: (standing: KeySet) => KeySet | null): KeySet {
    const release = this.#lock();
    try {
      // What a crash left of an earlier change has keys in it too.
      this.#overwriteDraft();
      const standing = this.read();
      const next = edit(standing);
      if (!next) return standing;
      this.#replace(encodeKeyFile(next));
      wipeKeySet(standing);
      wipeKeySet(next);
      return this.read();
    } finally {
      release();
    }
  }

  close(): void {}

  /** The old bytes are overwritten after the new file is durable, through a handle that outlives their name. */
  #replace(content: Uint8Array): void {
    const old = this.#disk.openSync(this.#path, 'write', FILE_MODE);
    try {
      this.#disk.replaceFileSync(this.#path, content, FILE_MODE);
      content.fill(0);
      old.writeSync([new Uint8Array(old.size())], 0);
      old.syncSync();
    } finally {
      old.closeSync();
    }
  }

  #overwriteDraft(): void {
    const draft = `${this.#path}.tmp`;
    if (!this.#disk.existsSync(draft)) return;
    const file = this.#disk.openSync(draft, 'write', FILE_MODE);
    try {
      file.writeSync([new Uint8Array(file.size())], 0);
      file.syncSync();
    } finally {
      file.closeSync();
    }
    this.#disk.removeFileSync(draft);
  }

  #lock(): () => void {
    try {
      return this.#disk.lockSync(`${this.#path}.lock`);
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ELOCKED')
        throw masterKeyUnavailable(this.name, 'another process is changing it', error);
      throw error;
    }
  }
}
