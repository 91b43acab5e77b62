import { ByteWriter } from './byte-writer.js';
import { fromHex, toHex } from './hex.js';
import type { KeyName } from './key-record.js';
import type { KeyScope, PurposeTag } from './key-scope.js';
import type { Binding } from './keyring.js';
import { MAC_BYTES, NONCE_BYTES, TAG_BYTES } from './crypto/sodium.js';

/** Positions in an envelope, in bytes (SPEC.md, section 8). */
export const VERSION = 1;
export const XCHACHA20_POLY1305_IETF = 1;
export const LIFECYCLE_AT = 2;
export const PURPOSE_AT = 6;
export const GENERATION_AT = 10;
export const KID_AT = 14;
export const USER_REF_AT = 22;
export const NONCE_AT = 38;
export const HEADER_MAC_AT = NONCE_AT + NONCE_BYTES;
export const CIPHERTEXT_AT = HEADER_MAC_AT + MAC_BYTES;
/** Size of the envelope of an empty plaintext. */
export const ENVELOPE_OVERHEAD = CIPHERTEXT_AT + TAG_BYTES;
/** Most bytes that one envelope takes in. */
export const MAX_PLAINTEXT_BYTES = 16 * 1024 * 1024;

/** The part of a header that is the same for every envelope under one key: its first 38 bytes. */
export function envelopePrefix({ userRef, kid }: KeyName, scope: KeyScope): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .u8(XCHACHA20_POLY1305_IETF)
    .u32(scope.lifecycle)
    .bytes(fromHex(scope.purpose))
    .u32(scope.generation)
    .bytes(fromHex(kid))
    .bytes(fromHex(userRef))
    .finish();
}

/** The scope in a header whose MAC was checked. */
export function envelopeScope(envelope: Uint8Array): KeyScope {
  const view = new DataView(envelope.buffer, envelope.byteOffset, envelope.byteLength);
  return {
    lifecycle: view.getUint32(LIFECYCLE_AT),
    purpose: toHex(envelope.subarray(PURPOSE_AT, GENERATION_AT)) as PurposeTag,
    generation: view.getUint32(GENERATION_AT),
  };
}

/** The user's lifecycle in a header that was just sealed, or whose MAC was checked. */
export function envelopeLifecycle(envelope: Uint8Array): number {
  return new DataView(envelope.buffer, envelope.byteOffset, envelope.byteLength).getUint32(LIFECYCLE_AT);
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
