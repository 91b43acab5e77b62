import { constants } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback, gunzipSync, gzip as gzipCallback, gzipSync } from 'node:zlib';
import { KafkaError } from '../kafka-error.js';
import { corrupt, refuseBeyond } from './corrupt.js';

const gunzipOnThread = promisify(gunzipCallback);
const gzipOnThread = promisify<Uint8Array, { level: number }, Uint8Array>(gzipCallback);

/** One gzip member (RFC 1952). `level` 1 to 9, or -1 for zlib's own choice. */
export function gzip(bytes: Uint8Array, level: number): Uint8Array {
  return gzipSync(bytes, { level });
}

/** `gzip` on another thread. */
export function gzipAside(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  return gzipOnThread(bytes, { level });
}

/** All members, at most `maxBytes`: zlib stops there. */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const unpacked = gunzipSync(bytes, { maxOutputLength: outputBound(maxBytes) });
    refuseBeyond('gzip', unpacked.length, maxBytes);
    return unpacked;
  } catch (cause) {
    throw asRefusal(cause, maxBytes);
  }
}

/** `gunzip` on another thread. */
export async function gunzipAside(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    const unpacked = await gunzipOnThread(bytes, { maxOutputLength: outputBound(maxBytes) });
    refuseBeyond('gzip', unpacked.length, maxBytes);
    return unpacked;
  } catch (cause) {
    throw asRefusal(cause, maxBytes);
  }
}

/** zlib takes no bound beyond what one buffer holds, nor one of nothing. */
function outputBound(maxBytes: number): number {
  return Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH);
}

function asRefusal(cause: unknown, maxBytes: number): unknown {
  if (cause instanceof KafkaError) return cause;
  if (cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
    refuseBeyond('gzip', maxBytes + 1, maxBytes);
  }
  return corrupt('gzip', 'it does not unpack', cause);
}
