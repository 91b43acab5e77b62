import type { Entropy } from '@oubliette/runtime';

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(entropy: Entropy): string {
  const bytes = new Uint8Array(16);
  entropy.fill(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
