import { gunzipSync, gzipSync } from 'node:zlib';
import { KafkaError } from '../kafka-error.js';

/** The codecs of a record batch; the number stands in the attributes' lowest three bits. */
export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type CompressionName = keyof typeof Compression;

/** A bound on what one batch may unpack to: a few KiB of gzip can claim gigabytes. */
export const MAX_UNCOMPRESSED_BYTES = 256 * 1024 * 1024;

function unsupported(codec: number): KafkaError {
  return new KafkaError(
    'UNSUPPORTED_COMPRESSION_TYPE',
    `compression codec ${codec} is not served, use none or gzip`,
  );
}

/** Throws `KafkaError` UNSUPPORTED_COMPRESSION_TYPE for a codec other than none and gzip. */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  if (codec === Compression.none) return bytes;
  if (codec === Compression.gzip) return gzipSync(bytes);
  throw unsupported(codec);
}

/** Throws `KafkaError`: UNSUPPORTED_COMPRESSION_TYPE, or CORRUPT_MESSAGE when it does not unpack within `maxBytes`. */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number = MAX_UNCOMPRESSED_BYTES,
): Uint8Array {
  if (codec === Compression.none) return bytes;
  if (codec !== Compression.gzip) throw unsupported(codec);
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new KafkaError('CORRUPT_MESSAGE', `gzip payload does not unpack within ${maxBytes} bytes`, {
      cause,
    });
  }
}
