import {
  BATCH_HEADER_BYTES,
  Compression,
  decompress,
  decompressAside,
  KafkaError,
  type BatchView,
} from '@oubliette/protocol';
import type { Steps } from './large-appends.js';

/** What unpacks to more is unpacked on another thread and looked at in slices; by default no batch that is not packed is larger. */
export const largeBytes = 1024 * 1024 + BATCH_HEADER_BYTES;

/**
 * The records of a batch, unpacked at once where they are few. Throws KafkaError: MESSAGE_TOO_LARGE beyond `maxBytes`, and what
 * `decompress` throws.
 */
export function* unpackBatch({ compression, payload }: BatchView, maxBytes?: number): Steps<Uint8Array> {
  if (compression === Compression.none) return payload;
  try {
    return decompress(compression, payload, largeBytes);
  } catch (error) {
    if (!(error instanceof KafkaError) || error.codeName !== 'MESSAGE_TOO_LARGE') throw error;
    return yield () => decompressAside(compression, payload, maxBytes);
  }
}
