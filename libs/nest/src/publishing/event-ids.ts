import { createHash } from 'node:crypto';
import type { Entropy } from '@oubliette/runtime';

/** RFC 9562 UUID version 4. */
export function randomEventId(entropy: Entropy): string {
  const bytes = Buffer.alloc(16);
  entropy.fill(bytes);
  return format(bytes, 4);
}

/**
 * RFC 9562 UUID version 8 over SHA-256 of `namespace` and `name`: the same event published again has the same id.
 * Event ids travel in clear, so a name must hold nothing personal, nothing that could be guessed from a person.
 */
export function eventIdFrom(namespace: string, name: string): string {
  const hash = createHash('sha256').update(`${namespace.length}:${namespace}`).update(name).digest();
  return format(hash.subarray(0, 16), 8);
}

function format(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
