import { hashUserId, MAX_USER_ID_BYTES } from '../user-ref.js';
import type { UserRef } from '../keyring.js';
import { KEY_BYTES, MAC_BYTES, type Sodium } from './sodium.js';
import type { WasmMemory } from './wasm-memory.js';
import { WasmPiece } from './wasm-piece.js';

/** Places in the hasher's memory. */
const KEY = 0;
const HASH = KEY + KEY_BYTES;
const ID = HASH + MAC_BYTES;
const BYTES = ID + MAX_USER_ID_BYTES;

/**
 * Pseudonyms of user ids, as `hashUserId` makes them. Ids of ASCII, which nearly all are, are laid out and hashed in a piece of libsodium's
 * own memory and overwritten there; others take the plain path.
 */
export class UserHasher {
  readonly #sodium: Sodium;
  readonly #key: Uint8Array;
  readonly #memory: WasmMemory;
  readonly #piece: WasmPiece;

  /** `key`: the subkey of pseudonyms, which stays the caller's to wipe. Throws `SODIUM_OUT_OF_MEMORY`. */
  constructor(sodium: Sodium, key: Uint8Array) {
    this.#sodium = sodium;
    this.#key = key;
    this.#memory = sodium.memory;
    this.#piece = new WasmPiece(sodium.memory, BYTES);
    this.#piece.heap.set(key, this.#piece.address + KEY);
  }

  /** Throws `USER_ID_INVALID`. */
  userRef(userId: string): UserRef {
    const { length } = userId;
    if (length === 0 || length > MAX_USER_ID_BYTES) return this.#plainly(userId);
    const { heap, address: base } = this.#piece;
    for (let index = 0; index < length; index++) {
      const code = userId.charCodeAt(index);
      if (code > 0x7f) {
        heap.fill(0, base + ID, base + ID + index);
        return this.#plainly(userId);
      }
      heap[base + ID + index] = code;
    }
    this.#memory._crypto_generichash(base + HASH, MAC_BYTES, base + ID, length, 0, base + KEY, KEY_BYTES);
    heap.fill(0, base + ID, base + ID + length);
    return this.#piece.buffer.toString('hex', base + HASH, base + ID) as UserRef;
  }

  /** Wipes and frees the hasher's memory; it must not be used after. */
  close(): void {
    this.#piece.close();
  }

  #plainly(userId: string): UserRef {
    return hashUserId(this.#sodium, this.#key, userId);
  }
}
