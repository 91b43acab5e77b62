import { ByteWriter } from './byte-writer.js';
import { fromHex } from './hex.js';
import type { Binding, UserRef } from './keyring.js';
import { MAC_BYTES, NONCE_BYTES, TAG_BYTES } from './crypto/sodium.js';

/** Positions in an envelope, in bytes (SPEC.md, section 8). */
export const VERSION = 1;
export const XCHACHA20_POLY1305_IETF = 1;
export const LIFECYCLE_AT = 2;
export const KID_AT = 6;
export const USER_REF_AT = 14;
export const NONCE_AT = 30;
export const HEADER_MAC_AT = NONCE_AT + NONCE_BYTES;
export const CIPHERTEXT_AT = HEADER_MAC_AT + MAC_BYTES;
/** Size of the envelope of an empty plaintext. */
export const ENVELOPE_OVERHEAD = CIPHERTEXT_AT + TAG_BYTES;
/** Most bytes that one envelope takes in. */
export const MAX_PLAINTEXT_BYTES = 16 * 1024 * 1024;

/** The part of a header that is the same for every envelope under one key: its first 30 bytes. */
export function envelopePrefix(userRef: UserRef, kid: string, lifecycle: number): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(lifecycle)
    .bytes(fromHex(kid))
    .bytes(fromHex(userRef))
    .finish();
}

/** What a ciphertext is bound to: the prefix and the binding's texts, each after its length (SPEC.md, section 8). */
export function associatedData(prefix: Uint8Array, binding: Binding): Uint8Array {
  return new ByteWriter()
    .bytes(prefix)
    .text(binding.stream)
    .text(binding.type)
    .text(binding.eventId)
    .text(binding.path)
    .finish();
}

/** What is wrong with the shape of an envelope, or null; says nothing about who wrote it. */
export function envelopeFault(envelope: Uint8Array): 'malformed' | 'unknown-version' | null {
  if (envelope.length === 0) return 'malformed';
  if (envelope[0] !== VERSION) return 'unknown-version';
  if (envelope.length < ENVELOPE_OVERHEAD) return 'malformed';
  return envelope[1] === XCHACHA20_POLY1305_IETF ? null : 'unknown-version';
}
