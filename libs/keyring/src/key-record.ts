import { ByteWriter } from './byte-writer.js';
import { fromHex, toHex } from './hex.js';
import { GENERAL_PURPOSE, type KeyScope, type PurposeTag } from './key-scope.js';
import type { UserRef } from './keyring.js';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Sodium } from './crypto/sodium.js';

/** A key that wraps user keys, in force for one epoch of the master key. */
export interface WrappingKey {
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Which key of which user a record holds; bound to it as associated data. */
export interface KeyName {
  readonly userRef: UserRef;
  /** 16 hex digits. */
  readonly kid: string;
}

/** What a key record says of its key. */
export interface KeyFacts extends KeyScope {
  /** Of the keys of one scope the one of the highest rotation is in use. */
  readonly rotation: number;
  /** When the key was made, ms since the Unix epoch; 0 for a record that was not wrapped anew: then its append time. */
  readonly madeAt: number;
  /** After so many seconds from `madeAt` the key ends by itself; 0: never. */
  readonly lifetimeSeconds: number;
}

/** What can be read of a key record without its wrapping key: a claim until it was unwrapped. */
export interface KeyRecordClaim extends KeyFacts {
  readonly epoch: number;
}

const VERSION = 1;
const XCHACHA20_POLY1305_IETF = 1;
/** Where the nonce stands: behind all that the record says in clear. */
export const NONCE_AT = 34;
/** Begins the associated data. */
export const KEY_RECORD_LABEL = 'oubliette/v1/key-record';
const WRAPPED_AT = NONCE_AT + NONCE_BYTES;
/** Size of a key record's value in bytes. */
export const KEY_RECORD_BYTES = WRAPPED_AT + KEY_BYTES + TAG_BYTES;

/** The value of a key record: the user key wrapped for its place (SPEC.md, section 5). */
export function encodeKeyRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  name: KeyName,
  facts: KeyFacts,
  nonce: Uint8Array,
  userKey: Uint8Array,
): Uint8Array {
  const head = encodeHead(wrapping.epoch, facts);
  const wrapped = sodium.encrypt(wrapping.key, nonce, associatedData(head, name), userKey);
  return new ByteWriter().bytes(head).bytes(nonce).bytes(wrapped).finish();
}

function encodeHead(epoch: number, facts: KeyFacts): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(epoch)
    .u32(facts.lifecycle)
    .bytes(fromHex(facts.purpose))
    .u32(facts.generation)
    .u32(facts.rotation)
    .u64(facts.madeAt)
    .u32(facts.lifetimeSeconds)
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
  const claim = {
    epoch: view.getUint32(2),
    lifecycle: view.getUint32(6),
    purpose: toHex(value.subarray(10, 14)) as PurposeTag,
    generation: view.getUint32(14),
    rotation: view.getUint32(18),
    madeAt: Number(view.getBigUint64(22)),
    lifetimeSeconds: view.getUint32(30),
  };
  return isScope(claim) ? claim : null;
}

/** Lifecycles and generations count from 1, and the general purpose has but one generation. */
export function isScope({ lifecycle, purpose, generation }: KeyScope): boolean {
  return lifecycle > 0 && generation > 0 && (purpose !== GENERAL_PURPOSE || generation === 1);
}

/** The user key (32 bytes, the caller's to wipe); null when the record was not made for this place or was changed. */
export function unwrapKeyRecord(
  sodium: Sodium,
  wrapping: WrappingKey,
  name: KeyName,
  value: Uint8Array,
): Uint8Array | null {
  return sodium.decrypt(
    wrapping.key,
    value.subarray(NONCE_AT, WRAPPED_AT),
    associatedData(value.subarray(0, NONCE_AT), name),
    value.subarray(WRAPPED_AT),
  );
}

function associatedData(head: Uint8Array, { userRef, kid }: KeyName): Uint8Array {
  return new ByteWriter()
    .text(KEY_RECORD_LABEL)
    .bytes(head)
    .bytes(fromHex(userRef))
    .bytes(fromHex(kid))
    .finish();
}
