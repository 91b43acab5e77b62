import { KafkaError } from '../kafka-error.js';
import { corrupt } from './corrupt.js';
import { gunzip, gunzipAside, gzip, gzipAside } from './gzip.js';
import { lz4Compress, lz4CompressAside, lz4Decompress, lz4DecompressAside } from './lz4.js';
import { snappyCompress, snappyCompressAside, snappyDecompress, snappyDecompressAside } from './snappy.js';
import { zstdCompress, zstdCompressAside, zstdDecompress, zstdDecompressAside } from './zstd.js';

/** The codecs of a record batch; the number stands in the attributes' lowest three bits. */
export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type CompressionName = keyof typeof Compression;

/** A bound on what one batch may unpack to: a few KiB of gzip can claim gigabytes. */
export const MAX_UNCOMPRESSED_BYTES = 256 * 1024 * 1024;

/** What Kafka's level settings take, and their defaults (KIP-390, Kafka's CompressionType). Gzip's -1 is zlib's own choice, 6. */
export const COMPRESSION_LEVELS = {
  gzip: { min: 1, max: 9, default: -1 },
  lz4: { min: 1, max: 17, default: 9 },
  zstd: { min: -131_072, max: 22, default: 3 },
} as const;

function unsupported(codec: number): KafkaError {
  return new KafkaError(
    'UNSUPPORTED_COMPRESSION_TYPE',
    `there is no compression codec ${codec}, see KIP-110`,
  );
}

/**
 * Packs a batch's records as Kafka's own producers do. `level` as in `COMPRESSION_LEVELS`; snappy has none, and lz4 takes it
 * but always packs fast. Throws `KafkaError` UNSUPPORTED_COMPRESSION_TYPE for a number that is no codec.
 */
export function compress(codec: number, bytes: Uint8Array, level?: number): Uint8Array {
  switch (codec) {
    case Compression.none:
      return bytes;
    case Compression.gzip:
      return gzip(bytes, level ?? COMPRESSION_LEVELS.gzip.default);
    case Compression.snappy:
      return snappyCompress(bytes);
    case Compression.lz4:
      return lz4Compress(bytes);
    case Compression.zstd:
      return zstdCompress(bytes, level ?? COMPRESSION_LEVELS.zstd.default);
    default:
      throw unsupported(codec);
  }
}

/**
 * Unpacks a batch's records. What would exceed `maxBytes` is refused before its memory is taken. Throws `KafkaError`:
 * UNSUPPORTED_COMPRESSION_TYPE, CORRUPT_MESSAGE when the bytes do not unpack, MESSAGE_TOO_LARGE when they unpack to more than `maxBytes`.
 */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number = MAX_UNCOMPRESSED_BYTES,
): Uint8Array {
  if (codec === Compression.none) return bytes;
  const unpack = UNPACKERS[codec];
  if (unpack === undefined) throw unsupported(codec);
  try {
    return unpack(bytes, maxBytes);
  } catch (error) {
    throw error instanceof KafkaError ? error : corrupt(nameOf(codec), 'it does not unpack', error);
  }
}

/** `decompress` on another thread, for what unpacks to so much that others would have to wait for it. */
export async function decompressAside(
  codec: number,
  bytes: Uint8Array,
  maxBytes: number = MAX_UNCOMPRESSED_BYTES,
): Promise<Uint8Array> {
  if (codec === Compression.none) return bytes;
  const unpack = UNPACKERS_ASIDE[codec];
  if (unpack === undefined) throw unsupported(codec);
  try {
    return await unpack(bytes, maxBytes);
  } catch (error) {
    throw error instanceof KafkaError ? error : corrupt(nameOf(codec), 'it does not unpack', error);
  }
}

/** `compress` on another thread, for what is so much that others would have to wait for it. */
export async function compressAside(codec: number, bytes: Uint8Array, level?: number): Promise<Uint8Array> {
  switch (codec) {
    case Compression.gzip:
      return gzipAside(bytes, level ?? COMPRESSION_LEVELS.gzip.default);
    case Compression.snappy:
      return snappyCompressAside(bytes);
    case Compression.lz4:
      return lz4CompressAside(bytes);
    case Compression.zstd:
      return zstdCompressAside(bytes, level ?? COMPRESSION_LEVELS.zstd.default);
    default:
      return compress(codec, bytes, level);
  }
}

const UNPACKERS_ASIDE: Readonly<
  Record<number, (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array>>
> = {
  [Compression.gzip]: gunzipAside,
  [Compression.snappy]: snappyDecompressAside,
  [Compression.lz4]: lz4DecompressAside,
  [Compression.zstd]: zstdDecompressAside,
};

const UNPACKERS: Readonly<Record<number, (bytes: Uint8Array, maxBytes: number) => Uint8Array>> = {
  [Compression.gzip]: gunzip,
  [Compression.snappy]: snappyDecompress,
  [Compression.lz4]: lz4Decompress,
  [Compression.zstd]: zstdDecompress,
};

function nameOf(codec: number): string {
  return Object.entries(Compression).find(([, id]) => id === codec)?.[0] ?? `codec ${codec}`;
}
