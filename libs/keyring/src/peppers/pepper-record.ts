import { ByteWriter } from '../byte-writer.js';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Sodium } from '../crypto/sodium.js';
import { fromHex } from '../hex.js';
import type { WrappingKey } from '../key-record.js';

const VERSION = 1;
const XCHACHA20_POLY1305_IETF = 1;
const EPOCH_AT = 2;
const NUMBER_AT = 6;
const NONCE_AT = 10;
const WRAPPED_AT = NONCE_AT + NONCE_BYTES;
const RECORD_BYTES = WRAPPED_AT + KEY_BYTES + TAG_BYTES;

/** What a pepper record says without its wrapping key. */
export interface PepperClaim {
  /** Of the wrapping key. */
  readonly epoch: number;
  /** Counts the peppers that were made one after the other, from 1: the highest is in use. */
  readonly number: number;
}

/** The value of a pepper record (SPEC-PEPPERS.md). */
export function encodePepperRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  id: string,
  number: number,
  nonce: Uint8Array,
  pepper: Uint8Array,
): Uint8Array {
  const head = new ByteWriter()
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(wrapping.epoch)
    .u32(number)
    .finish();
  const wrapped = sodium.encrypt(wrapping.key, nonce, associatedData(head, id), pepper);
  return new ByteWriter().bytes(head).bytes(nonce).bytes(wrapped).finish();
}

/** null for what is no pepper record. */
export function readPepperClaim(value: Uint8Array): PepperClaim | 'unknown-version' | null {
  if (value.length === 0) return null;
  if (value[0] !== VERSION) return 'unknown-version';
  if (value.length < RECORD_BYTES) return null;
  if (value[1] !== XCHACHA20_POLY1305_IETF) return 'unknown-version';
  if (value.length !== RECORD_BYTES) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const number = view.getUint32(NUMBER_AT);
  return number === 0 ? null : { epoch: view.getUint32(EPOCH_AT), number };
}

/** The pepper (32 bytes, the caller's to wipe); null when the record was not made for this id or was changed. */
export function unwrapPepperRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  id: string,
  value: Uint8Array,
): Uint8Array | null {
  return sodium.decrypt(
    wrapping.key,
    value.subarray(NONCE_AT, WRAPPED_AT),
    associatedData(value.subarray(0, NONCE_AT), id),
    value.subarray(WRAPPED_AT),
  );
}

function associatedData(head: Uint8Array, id: string): Uint8Array {
  return new ByteWriter().text('oubliette/v1/pepper').bytes(head).bytes(fromHex(id)).finish();
}
