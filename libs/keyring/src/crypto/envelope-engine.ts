import type { EntropyPool } from './entropy-pool.js';
import {
  associatedData,
  CIPHERTEXT_AT,
  ENVELOPE_OVERHEAD,
  HEADER_MAC_AT,
  LIFECYCLE_AT,
  NONCE_AT,
  USER_REF_AT,
} from '../envelope.js';
import type { Binding } from '../keyring.js';
import type { AeadChoice } from './aead-choice.js';
import { ASSOCIATED_DATA_BYTES, AssociatedDataPlace, isShort } from './associated-data-place.js';
import { ResultBlocks } from './result-blocks.js';
import { KEY_BYTES, MAC_BYTES, TAG_BYTES, type Sodium } from './sodium.js';
import type { WasmMemory } from './wasm-memory.js';
import { WasmPiece } from './wasm-piece.js';
import { wipeResidue } from './wasm-residue.js';

/** A user key as the engine needs it: 32 bytes, and the header bytes that go with it. */
export interface EnvelopeKey {
  readonly key: Uint8Array;
  readonly prefix: Uint8Array;
}

/** Places in the engine's memory: header key, user key, a header and its MAC, associated data, envelope, then the plaintext. */
const HEADER_KEY = 0;
const USER_KEY = HEADER_KEY + KEY_BYTES;
const HEADER = USER_KEY + KEY_BYTES;
const AD = HEADER + CIPHERTEXT_AT;
const ENVELOPE = AD + ASSOCIATED_DATA_BYTES;

/**
 * Seals and opens envelopes. Header and associated data are laid out in a piece of libsodium's own memory; small values are
 * sealed and opened there as well, without an allocation but for the result, and keys and plaintexts are overwritten there
 * after each call. Larger ones go to the driver for their size. `sealPlainly` and `openPlainly` are the same in simple terms,
 * for long bindings and for tests that hold the two equal.
 */
export class EnvelopeEngine {
  readonly #sodium: Sodium;
  readonly #aeads: AeadChoice;
  readonly #memory: WasmMemory;
  readonly #headerKey: Uint8Array;
  readonly #residue: number | null;
  readonly #entropy: EntropyPool;
  readonly #piece: WasmPiece;
  readonly #base: number;
  readonly #plaintext: number;
  readonly #associatedData: AssociatedDataPlace;
  readonly #results = new ResultBlocks();
  /** The header at its place was found authentic, and names this userRef (hex). */
  #authentic = false;
  #userRef = '';

  /** Throws `SODIUM_OUT_OF_MEMORY`. */
  constructor(sodium: Sodium, headerKey: Uint8Array, entropy: EntropyPool) {
    this.#sodium = sodium;
    this.#aeads = sodium.aeads;
    this.#memory = sodium.memory;
    this.#residue = sodium.residue;
    this.#headerKey = headerKey;
    this.#entropy = entropy;
    const { smallBytes } = sodium.aeads;
    const plaintextAt = ENVELOPE + CIPHERTEXT_AT + smallBytes + TAG_BYTES;
    this.#piece = new WasmPiece(sodium.memory, plaintextAt + smallBytes);
    this.#base = this.#piece.address;
    this.#plaintext = this.#base + plaintextAt;
    this.#associatedData = new AssociatedDataPlace(this.#piece, this.#base + AD, this.#base + ENVELOPE);
    this.#piece.heap.set(headerKey, this.#base + HEADER_KEY);
  }

  seal(key: EnvelopeKey, binding: Binding, plaintext: Uint8Array): Uint8Array {
    if (!isShort(binding)) return this.sealPlainly(key, binding, plaintext);
    const { heap } = this.#piece;
    const envelope = this.#base + ENVELOPE;
    heap.set(key.prefix, envelope);
    this.#entropy.fill(heap, envelope + NONCE_AT, HEADER_MAC_AT - NONCE_AT);
    this.#headerMac(envelope, envelope + HEADER_MAC_AT);
    const adLength = this.#associatedData.write(heap, binding);
    return plaintext.length <= this.#aeads.smallBytes
      ? this.#sealSmall(heap, key, adLength, plaintext)
      : this.#sealLarge(heap, key, adLength, plaintext);
  }

  /** True when the header (all of its bytes must be there) was written by this deployment. */
  isHeaderAuthentic(envelope: Uint8Array): boolean {
    const { heap } = this.#piece;
    const header = this.#base + HEADER;
    // The pseudonym is asked for before the value is: the same header comes twice.
    if (this.#authentic && isStanding(heap, header, envelope)) return true;
    for (let index = 0; index < HEADER_MAC_AT; index++) heap[header + index] = envelope[index] ?? 0;
    this.#headerMac(header, header + HEADER_MAC_AT);
    this.#authentic = isMac(heap, header + HEADER_MAC_AT, envelope);
    if (this.#authentic) {
      this.#userRef = this.#piece.buffer.toString('hex', header + USER_REF_AT, header + NONCE_AT);
    }
    return this.#authentic;
  }

  /** The userRef (hex) in the header that `isHeaderAuthentic` found authentic last. */
  headerUserRef(): string {
    return this.#userRef;
  }

  /** The plaintext of an envelope whose header was checked; null when its tag does not fit key, binding or bytes. */
  open(key: EnvelopeKey, binding: Binding, envelope: Uint8Array): Uint8Array | null {
    if (!isShort(binding)) return this.openPlainly(key, binding, envelope);
    const small = envelope.length - ENVELOPE_OVERHEAD <= this.#aeads.smallBytes;
    const { heap } = this.#piece;
    heap.set(small ? envelope : envelope.subarray(0, NONCE_AT), this.#base + ENVELOPE);
    const adLength = this.#associatedData.write(heap, binding);
    return small
      ? this.#openSmall(heap, key, adLength, envelope.length - CIPHERTEXT_AT)
      : this.#openLarge(heap, key, adLength, envelope);
  }

  sealPlainly(key: EnvelopeKey, binding: Binding, plaintext: Uint8Array): Uint8Array {
    const header = new Uint8Array(HEADER_MAC_AT);
    header.set(key.prefix);
    this.#entropy.fill(header, NONCE_AT, HEADER_MAC_AT - NONCE_AT);
    const ciphertext = this.#sodium.encrypt(
      key.key,
      header.subarray(NONCE_AT),
      associatedData(key.prefix, binding),
      plaintext,
    );
    const envelope = new Uint8Array(CIPHERTEXT_AT + ciphertext.length);
    envelope.set(header);
    envelope.set(this.#sodium.mac(this.#headerKey, header, MAC_BYTES), HEADER_MAC_AT);
    envelope.set(ciphertext, CIPHERTEXT_AT);
    return envelope;
  }

  openPlainly(key: EnvelopeKey, binding: Binding, envelope: Uint8Array): Uint8Array | null {
    return this.#sodium.decrypt(
      key.key,
      envelope.subarray(NONCE_AT, HEADER_MAC_AT),
      associatedData(envelope.subarray(0, NONCE_AT), binding),
      envelope.subarray(CIPHERTEXT_AT),
    );
  }

  /** Wipes and frees the engine's memory; it must not be used after. */
  close(): void {
    this.#piece.close();
  }

  /** Header and associated data stand in their places. */
  #sealSmall(heap: Uint8Array, key: EnvelopeKey, adLength: number, plaintext: Uint8Array): Uint8Array {
    const base = this.#base;
    const envelope = base + ENVELOPE;
    heap.set(key.key, base + USER_KEY);
    heap.set(plaintext, this.#plaintext);
    this.#memory._crypto_aead_xchacha20poly1305_ietf_encrypt(
      envelope + CIPHERTEXT_AT,
      null,
      this.#plaintext,
      plaintext.length,
      0,
      base + AD,
      adLength,
      0,
      0,
      envelope + NONCE_AT,
      base + USER_KEY,
    );
    heap.fill(0, base + USER_KEY, base + USER_KEY + KEY_BYTES);
    heap.fill(0, this.#plaintext, this.#plaintext + plaintext.length);
    return this.#results.copy(heap, envelope, CIPHERTEXT_AT + plaintext.length + TAG_BYTES);
  }

  #sealLarge(heap: Uint8Array, key: EnvelopeKey, adLength: number, plaintext: Uint8Array): Uint8Array {
    const start = this.#base + ENVELOPE;
    const envelope = new Uint8Array(ENVELOPE_OVERHEAD + plaintext.length);
    envelope.set(heap.subarray(start, start + CIPHERTEXT_AT));
    this.#aeads
      .forLength(plaintext.length)
      .seal(
        key.key,
        envelope.subarray(NONCE_AT, HEADER_MAC_AT),
        this.#copyAssociatedData(heap, adLength),
        plaintext,
        envelope.subarray(CIPHERTEXT_AT),
      );
    return envelope;
  }

  /** The envelope and its associated data stand in their places; `length` is the ciphertext's, with its tag. */
  #openSmall(heap: Uint8Array, key: EnvelopeKey, adLength: number, length: number): Uint8Array | null {
    const base = this.#base;
    const place = base + ENVELOPE;
    const plainLength = length - TAG_BYTES;
    heap.set(key.key, base + USER_KEY);
    const status = this.#memory._crypto_aead_xchacha20poly1305_ietf_decrypt(
      this.#plaintext,
      null,
      0,
      place + CIPHERTEXT_AT,
      length,
      0,
      base + AD,
      adLength,
      0,
      place + NONCE_AT,
      base + USER_KEY,
    );
    heap.fill(0, base + USER_KEY, base + USER_KEY + KEY_BYTES);
    wipeResidue(heap, this.#residue);
    // Plaintexts never share a block: each is its caller's alone to keep or wipe.
    const plaintext = status === 0 ? heap.slice(this.#plaintext, this.#plaintext + plainLength) : null;
    heap.fill(0, this.#plaintext, this.#plaintext + plainLength);
    return plaintext;
  }

  #openLarge(heap: Uint8Array, key: EnvelopeKey, adLength: number, envelope: Uint8Array): Uint8Array | null {
    return this.#aeads
      .forLength(envelope.length - ENVELOPE_OVERHEAD)
      .open(
        key.key,
        envelope.subarray(NONCE_AT, HEADER_MAC_AT),
        this.#copyAssociatedData(heap, adLength),
        envelope.subarray(CIPHERTEXT_AT),
      );
  }

  /** A driver may let libsodium's memory grow, and views of the old memory are empty then. */
  #copyAssociatedData(heap: Uint8Array, length: number): Uint8Array {
    return heap.slice(this.#base + AD, this.#base + AD + length);
  }

  /** MAC of the bytes of a header that stand at `header`, written to `out`. */
  #headerMac(header: number, out: number): void {
    const key = this.#base + HEADER_KEY;
    this.#memory._crypto_generichash(out, MAC_BYTES, header, HEADER_MAC_AT, 0, key, KEY_BYTES);
  }
}

/** Compares the MAC of a header in a time that does not depend on where it differs. */
function isMac(heap: Uint8Array, at: number, envelope: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < MAC_BYTES; index++) {
    difference |= (heap[at + index] ?? 0) ^ (envelope[HEADER_MAC_AT + index] ?? 0);
  }
  return difference === 0;
}

/** True for the bytes of a header that was found authentic, which are no secret. Nonces differ, so they come first. */
function isStanding(heap: Uint8Array, at: number, envelope: Uint8Array): boolean {
  for (let index = NONCE_AT; index < CIPHERTEXT_AT; index++)
    if (heap[at + index] !== envelope[index]) return false;
  for (let index = 0; index < NONCE_AT; index++) if (heap[at + index] !== envelope[index]) return false;
  return true;
}

/** True when lifecycle and kid in the header are the key's; the user was looked up by the header's userRef before. */
export function namesKey(envelope: Uint8Array, { prefix }: Pick<EnvelopeKey, 'prefix'>): boolean {
  for (let index = LIFECYCLE_AT; index < USER_REF_AT; index++) {
    if (envelope[index] !== prefix[index]) return false;
  }
  return true;
}
