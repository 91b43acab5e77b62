import { ByteWriter } from './byte-writer.js';
import { fromHex } from './hex.js';
import type { UserRef } from './keyring.js';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Sodium } from './crypto/sodium.js';

/** A key that wraps user keys, in force for one epoch of the master key. */
export interface WrappingKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Who a user key belongs to; bound to its record as associated data. */
export interface KeyRecordIdentity {
  readonly userRef: UserRef;
  /** 16 hex digits. */
  readonly kid: string;
  readonly lifecycle: number;
}

/** What can be read of a key record without its wrapping key: a claim until it was unwrapped. */
export interface KeyRecordClaim {
  readonly epoch: number;
  readonly lifecycle: number;
}

const VERSION = 1;
const XCHACHA20_POLY1305_IETF = 1;
const NONCE_AT = 10;
const WRAPPED_AT = NONCE_AT + NONCE_BYTES;
/** Size of a key record's value in bytes. */
export const KEY_RECORD_BYTES = WRAPPED_AT + KEY_BYTES + TAG_BYTES;

/** The value of a key record: the user key wrapped for its place (SPEC.md, section 5). */
export function encodeKeyRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  identity: KeyRecordIdentity,
  nonce: Uint8Array,
  userKey: Uint8Array,
): Uint8Array {
  const wrapped = sodium.encrypt(wrapping.key, nonce, associatedData(wrapping.epoch, identity), userKey);
  return new ByteWriter()
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(wrapping.epoch)
    .u32(identity.lifecycle)
    .bytes(nonce)
    .bytes(wrapped)
    .finish();
}

/** 'unknown-version' when a later version wrote it; null when it is no key record at all. */
export function readKeyRecordClaim(value: Uint8Array): KeyRecordClaim | 'unknown-version' | null {
  if (value.length < 2) return null;
  if ((value[0] ?? 0) > VERSION) return 'unknown-version';
  if (value[0] !== VERSION || value[1] !== XCHACHA20_POLY1305_IETF || value.length !== KEY_RECORD_BYTES) {
    return null;
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { epoch: view.getUint32(2), lifecycle: view.getUint32(6) };
}

/** The user key (32 bytes, the caller's to wipe); null when the record was not made for this place or was changed. */
export function unwrapKeyRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  identity: KeyRecordIdentity,
  value: Uint8Array,
): Uint8Array | null {
  return sodium.decrypt(
    wrapping.key,
    value.subarray(NONCE_AT, WRAPPED_AT),
    associatedData(wrapping.epoch, identity),
    value.subarray(WRAPPED_AT),
  );
}

function associatedData(epoch: number, { userRef, kid, lifecycle }: KeyRecordIdentity): Uint8Array {
  return new ByteWriter()
    .text('oubliette/v1/key-record')
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(epoch)
    .u32(lifecycle)
    .bytes(fromHex(userRef))
    .bytes(fromHex(kid))
    .finish();
}
