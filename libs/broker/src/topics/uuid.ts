import { Buffer } from 'node:buffer';
import type { Entropy } from '@oubliette/runtime';

/** Kafka's "no topic id": sixteen zero bytes in the text form of org.apache.kafka.common.Uuid. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A random version-4 UUID (RFC 9562) in Kafka's text form: 22 characters of URL-safe base64, never starting with '-'. */
export function randomUuid(entropy: Entropy): string {
  const bytes = Buffer.alloc(16);
  // A leading dash would look like an option on a command line; Kafka's Uuid.randomUuid avoids it as well.
  for (;;) {
    entropy.fill(bytes);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const text = bytes.toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}

/** The same sort of id in hexadecimal with dashes, as member ids carry it. */
export function randomMemberSuffix(entropy: Entropy): string {
  const hex = Buffer.from(randomUuid(entropy), 'base64url').toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
