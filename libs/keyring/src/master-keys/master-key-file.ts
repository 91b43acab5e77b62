import { dirname } from 'node:path';
import type { Disk, Entropy } from '@oubliette/runtime';
import { KeyringError } from '../errors.js';
import { holdMasterKey, HeldMasterKeys, type HeldMasterKey } from './held-master-keys.js';
import type { MasterKeys } from './master-keys.js';
import { KEY_BYTES, loadSodium, type Sodium } from '../crypto/sodium.js';

const encoder = new TextEncoder();

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
  const key = new Uint8Array(KEY_BYTES);
  entropy.fill(key);
  const file = { version: 1, current: 1, keys: [{ epoch: 1, key: Buffer.from(key).toString('base64') }] };
  key.fill(0);
  disk.makeDirectorySync(dirname(path), 0o700);
  disk.replaceFileSync(path, encoder.encode(`${JSON.stringify(file, null, 2)}\n`), 0o600);
}

/**
 * Reads a key file: `{ "version": 1, "current": <epoch>, "keys": [{ "epoch": <epoch>, "key": <32 bytes in base64> }] }`.
 * Rejects with `MASTER_KEY_MISSING`, `MASTER_KEY_FILE_OPEN` (others than the owner may read it) or `MASTER_KEY_FILE_INVALID`.
 */
export async function loadMasterKeyFile(path: string, disk: Disk, entropy: Entropy): Promise<MasterKeys> {
  if (!disk.existsSync(path)) {
    throw new KeyringError(
      'MASTER_KEY_MISSING',
      `There is no master-key file at ${path}: put the one back that this deployment was started with, or, for a new deployment, make one with createMasterKeyFile of @oubliette/keyring.`,
    );
  }
  const { kind, mode } = disk.statSync(path);
  if (kind !== 'file') throw invalid(path, 'it is a directory');
  if ((mode & 0o077) !== 0) {
    throw new KeyringError(
      'MASTER_KEY_FILE_OPEN',
      `The master-key file ${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others can reach it. Run chmod 600 on it, and turn the epoch if somebody may have read it.`,
    );
  }
  const sodium = await loadSodium();
  const { current, keys } = parseFile(path, disk.readFileSync(path), sodium);
  return new HeldMasterKeys(sodium, entropy, current, keys);
}

/** Nothing of the file's text may reach a message: it is keys. JSON.parse quotes its input, so its error is not passed on. */
function parseFile(
  path: string,
  bytes: Uint8Array,
  sodium: Sodium,
): { current: HeldMasterKey; keys: HeldMasterKey[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid(path, 'it is not JSON');
  }
  const file = asObject(parsed);
  if (file?.['version'] !== 1) throw invalid(path, '"version" is not 1');
  const listed = file['keys'];
  if (!Array.isArray(listed) || listed.length === 0) throw invalid(path, '"keys" is not a list with a key');
  const keys = listed.map((entry: unknown, index) => parseKey(path, entry, index, sodium));
  if (new Set(keys.map((key) => key.epoch)).size !== keys.length)
    throw invalid(path, 'an epoch stands twice');
  const current = keys.find((key) => key.epoch === file['current']);
  if (!current) throw invalid(path, '"current" names no epoch of the list');
  return { current, keys };
}

function parseKey(path: string, entry: unknown, index: number, sodium: Sodium): HeldMasterKey {
  const fields = asObject(entry);
  const epoch = fields?.['epoch'];
  if (typeof epoch !== 'number' || !Number.isInteger(epoch) || epoch < 1 || epoch > 0xffffffff) {
    throw invalid(path, `keys[${index}].epoch is not a whole number from 1`);
  }
  const text = fields?.['key'];
  const key = typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : null;
  if (!key || key.length !== KEY_BYTES || Buffer.from(key).toString('base64') !== text) {
    throw invalid(path, `keys[${index}].key is not ${KEY_BYTES} bytes in base64`);
  }
  if (key.every((byte) => byte === 0)) throw invalid(path, `keys[${index}].key is all zero`);
  return holdMasterKey(sodium, epoch, key);
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

function invalid(path: string, what: string): KeyringError {
  return new KeyringError(
    'MASTER_KEY_FILE_INVALID',
    `The master-key file ${path} cannot be used: ${what}. Put a good copy back; do not make a new one over an existing deployment.`,
  );
}
