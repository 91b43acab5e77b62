import type { Type } from 'avsc';
import { crc64Avro } from './rabin.js';

/** Marker of the Avro specification's single-object encoding, version 1. */
const MARKER = [0xc3, 0x01] as const;
export const SINGLE_OBJECT_PREFIX_BYTES = 10;

/**
 * Avro single-object encoding: C3 01, then CRC-64-AVRO of the writer schema's parsing canonical form (8 bytes, little
 * endian), then the body. Returns the ten bytes that stand before the body.
 */
export function singleObjectPrefix(type: Type): Uint8Array {
  const prefix = Buffer.alloc(SINGLE_OBJECT_PREFIX_BYTES);
  prefix.set(MARKER);
  prefix.writeBigUInt64LE(crc64Avro(Buffer.from(JSON.stringify(type.schema()), 'utf8')), MARKER.length);
  return prefix;
}

/** The fingerprint in hex of a single-object encoded value; null when it is none. */
export function singleObjectFingerprint(bytes: Uint8Array): string | null {
  if (bytes.length < SINGLE_OBJECT_PREFIX_BYTES || bytes[0] !== MARKER[0] || bytes[1] !== MARKER[1])
    return null;
  return Buffer.from(bytes.subarray(MARKER.length, SINGLE_OBJECT_PREFIX_BYTES)).toString('hex');
}
