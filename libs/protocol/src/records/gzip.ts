import { constants } from 'node:buffer';
import { gunzipSync, gzipSync } from 'node:zlib';
import { corrupt, refuseBeyond } from './corrupt.js';

/** One gzip member (RFC 1952). `level` 1 to 9, or -1 for zlib's own choice. */
export function gzip(bytes: Uint8Array, level: number): Uint8Array {
  return gzipSync(bytes, { level });
}

/** All members, at most `maxBytes`: zlib stops there. */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const unpacked = unpack(bytes, maxBytes);
  refuseBeyond('gzip', unpacked.length, maxBytes);
  return unpacked;
}

function unpack(bytes: Uint8Array, maxBytes: number): Uint8Array {
  // zlib takes no bound beyond what one buffer holds
  const maxOutputLength = Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH);
  try {
    return gunzipSync(bytes, { maxOutputLength });
  } catch (cause) {
    throw corrupt('gzip', `it does not unpack within ${maxBytes} bytes`, cause);
  }
}
