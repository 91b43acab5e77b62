import { KeyringError } from '../errors.js';
import { KEY_BYTES } from '../crypto/sodium.js';
import { isEpoch, parseKeyText, wipeKeySet, type EpochKey, type KeySet } from './key-set.js';

const encoder = new TextEncoder();

/** `{ "version": 1, "current": <epoch>, "keys": [{ "epoch": <epoch>, "key": <32 bytes in base64> }] }` */
export function encodeKeyFile({ current, keys }: KeySet): Uint8Array {
  const listed = keys.map(({ epoch, key }) => ({ epoch, key: Buffer.from(key).toString('base64') }));
  return encoder.encode(`${JSON.stringify({ version: 1, current, keys: listed }, null, 2)}\n`);
}

/**
 * Throws `MASTER_KEY_FILE_INVALID`. Nothing of the file's text may reach a message: it is keys. JSON.parse quotes its
 * input, so its error is not passed on.
 */
export function decodeKeyFile(path: string, bytes: Uint8Array): KeySet {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw keyFileInvalid(path, 'it is not JSON');
  }
  const file = asObject(parsed);
  if (file?.['version'] !== 1) throw keyFileInvalid(path, '"version" is not 1');
  const listed = file['keys'];
  if (!Array.isArray(listed) || listed.length === 0)
    throw keyFileInvalid(path, '"keys" is not a list with a key');
  const keys = listed.map((entry: unknown, index) => decodeKey(path, entry, index));
  const set = { current: Number(file['current']), keys };
  const fault = faultOf(set);
  if (!fault) return set;
  wipeKeySet(set);
  throw keyFileInvalid(path, fault);
}

function faultOf({ current, keys }: KeySet): string | null {
  if (new Set(keys.map((key) => key.epoch)).size !== keys.length) return 'an epoch stands twice';
  if (!keys.some((key) => key.epoch === current)) return '"current" names no epoch of the list';
  return null;
}

function decodeKey(path: string, entry: unknown, index: number): EpochKey {
  const fields = asObject(entry);
  const epoch = fields?.['epoch'];
  if (!isEpoch(epoch)) throw keyFileInvalid(path, `keys[${index}].epoch is not a whole number from 1`);
  const key = parseKeyText(fields?.['key']);
  if (!key) throw keyFileInvalid(path, `keys[${index}].key is not ${KEY_BYTES} bytes in base64, or all zero`);
  return { epoch, key };
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

export function keyFileInvalid(path: string, what: string): KeyringError {
  return new KeyringError(
    'MASTER_KEY_FILE_INVALID',
    `The master-key file ${path} cannot be used: ${what}. Put a good copy back; do not make a new one over an existing deployment.`,
  );
}
