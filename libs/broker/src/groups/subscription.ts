import { ByteReader } from '@oubliette/protocol';

/**
 * The topics in a consumer's subscription (ConsumerProtocolSubscription.json: version, then an array of names), or null when the
 * bytes are no such subscription. Later versions only add fields behind.
 */
export function subscribedTopics(metadata: Uint8Array): readonly string[] | null {
  try {
    const reader = new ByteReader(metadata);
    if (reader.int16() < 0) return null;
    const count = reader.int32();
    // A name takes its two bytes of length at least.
    if (count < 0 || count > reader.remaining / 2) return null;
    return Array.from({ length: count }, () => reader.utf8(reader.int16()));
  } catch {
    // Other protocol types put here what they like: it is not a subscription.
    return null;
  }
}
