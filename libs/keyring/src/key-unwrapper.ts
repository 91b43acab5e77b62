import { ByteWriter } from './byte-writer.js';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Sodium } from './crypto/sodium.js';
import type { WasmMemory } from './crypto/wasm-memory.js';
import { WasmPiece } from './crypto/wasm-piece.js';
import { wipeResidue } from './crypto/wasm-residue.js';
import { KEY_RECORD_BYTES, KEY_RECORD_LABEL, NONCE_AT } from './key-record.js';
import { NAME_WORDS } from './record-keys.js';

/** Places: wrapping key, associated data (label, head of the record, name), the record's value, then the user key. */
const LABEL_BYTES = 4 + KEY_RECORD_LABEL.length;
const AD = KEY_BYTES;
const HEAD = AD + LABEL_BYTES;
const NAME = HEAD + NONCE_AT;
const VALUE = NAME + 4 * NAME_WORDS;
const USER_KEY = VALUE + KEY_RECORD_BYTES;
const END = USER_KEY + KEY_BYTES;
const AD_BYTES = VALUE - AD;

/**
 * Unwraps key records on a piece of libsodium's memory that is laid out once: a replay opens each of millions.
 * `unwrapKeyRecord` is the same in simple terms; tests hold the two equal. Keys are overwritten there after each call.
 */
export class KeyUnwrapper {
  readonly #memory: WasmMemory;
  readonly #residue: number | null;
  readonly #piece: WasmPiece;

  /** Throws `SODIUM_OUT_OF_MEMORY`. */
  constructor({ memory, residue }: Pick<Sodium, 'memory' | 'residue'>) {
    this.#memory = memory;
    this.#residue = residue;
    this.#piece = new WasmPiece(memory, END);
    this.#piece.heap.set(new ByteWriter().text(KEY_RECORD_LABEL).finish(), this.#piece.address + AD);
  }

  /**
   * The user key of a key record of 106 bytes, as a view that is good until the next call and the caller's to wipe at once; null
   * when the record was not made for this name (userRef 4 words, kid 2) or was changed.
   */
  unwrap(wrappingKey: Uint8Array, name: Uint32Array, value: Uint8Array): Uint8Array | null {
    const { heap, address: base } = this.#piece;
    if (base === 0 || value.length !== KEY_RECORD_BYTES || wrappingKey.length !== KEY_BYTES) return null;
    heap.set(wrappingKey, base);
    heap.set(value, base + VALUE);
    heap.copyWithin(base + HEAD, base + VALUE, base + VALUE + NONCE_AT);
    for (let index = 0, at = base + NAME; index < NAME_WORDS; index++, at += 4) {
      const word = name[index] ?? 0;
      heap[at] = word >>> 24;
      heap[at + 1] = word >>> 16;
      heap[at + 2] = word >>> 8;
      heap[at + 3] = word;
    }
    const nonce = base + VALUE + NONCE_AT;
    const status = this.#memory._crypto_aead_xchacha20poly1305_ietf_decrypt(
      base + USER_KEY,
      null,
      0,
      nonce + NONCE_BYTES,
      KEY_BYTES + TAG_BYTES,
      0,
      base + AD,
      AD_BYTES,
      0,
      nonce,
      base,
    );
    heap.fill(0, base, base + KEY_BYTES);
    wipeResidue(heap, this.#residue);
    const userKey = heap.subarray(base + USER_KEY, base + END);
    if (status === 0) return userKey;
    userKey.fill(0);
    return null;
  }

  /** Wipes and gives back the memory; from then on nothing opens. */
  close(): void {
    this.#piece.close();
  }
}
