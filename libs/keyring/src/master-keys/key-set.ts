import type { Entropy } from '@oubliette/runtime';
import { KEY_BYTES } from '../crypto/sodium.js';

/** Highest epoch that the formats can carry (u32). */
export const MAX_EPOCH = 0xffffffff;

/** Master keys as a place keeps them: each epoch once, the current one among them. */
export interface KeySet {
  readonly current: number;
  readonly keys: readonly EpochKey[];
}

export interface EpochKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** The set of a new deployment: one random key of epoch 1. */
export function firstKeys(entropy: Entropy): KeySet {
  return { current: 1, keys: [{ epoch: 1, key: randomKey(entropy) }] };
}

/** The set with a new random key, later than all and than `from`, as the current one. Shares the older keys' bytes. */
export function advancedKeys(standing: KeySet, from: number, entropy: Entropy): KeySet {
  const epoch = Math.max(from, ...standing.keys.map((key) => key.epoch)) + 1;
  if (!Number.isInteger(epoch) || epoch > MAX_EPOCH) throw new RangeError(`There is no epoch ${epoch}.`);
  return { current: epoch, keys: [...standing.keys, { epoch, key: randomKey(entropy) }] };
}

export function wipeKeySet({ keys }: KeySet): void {
  for (const { key } of keys) key.fill(0);
}

/** null unless it is the one way to write 32 bytes in base64, and not all of them zero. */
export function parseKeyText(text: unknown): Uint8Array | null {
  if (typeof text !== 'string') return null;
  const key = new Uint8Array(Buffer.from(text, 'base64'));
  if (key.length !== KEY_BYTES || Buffer.from(key).toString('base64') !== text) return null;
  return key.every((byte) => byte === 0) ? null : key;
}

export function isEpoch(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_EPOCH;
}

function randomKey(entropy: Entropy): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  entropy.fill(key);
  return key;
}
