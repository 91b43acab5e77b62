import { KEY_BYTES } from './crypto/sodium.js';

const KEYS_PER_BLOCK = 1024;
/** Words that go with a key: the one used next after it, the one used last before it, and whose it is. */
const NEWER = 0;
const OLDER = 1;
const OWNER = 2;
const LINK_WORDS = 3;
const NONE = 0xffffffff;

/**
 * Memory for user keys: large blocks outside the garbage collector's heap, so that keys are not copied around, and can be
 * wiped for good. A small typed array of its own would be moved by the collector, leaving copies. At most `limit` keys
 * lie here, in the order in which they were used; a place is a number.
 */
export class KeySlab {
  readonly limit: number;
  readonly #keys: Uint8Array[] = [];
  readonly #links: Uint32Array[] = [];
  /** Free places, each leading to the next by its `OLDER`. */
  #free = NONE;
  #newest = NONE;
  #oldest = NONE;
  #size = 0;

  constructor(limit = NONE) {
    this.limit = Math.min(limit, NONE);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.limit;
  }

  /** The place of the key that was not used for the longest time. Throws when there is none. */
  get oldest(): number {
    if (this.#oldest === NONE) throw new RangeError('an empty slab has no oldest key');
    return this.#oldest;
  }

  /** The place of a copy of `key`, which itself is wiped at once; the slab must not be full. `owner`: a u32 that `ownerOf` gives. */
  keep(key: Uint8Array, owner: number): number {
    if (this.isFull) throw new RangeError(`a slab of ${this.limit} keys takes no more`);
    if (this.#free === NONE) this.#grow();
    const place = this.#free;
    this.#free = this.#link(place, OLDER);
    this.#block(place).set(key, (place % KEYS_PER_BLOCK) * KEY_BYTES);
    key.fill(0);
    this.#setLink(place, OWNER, owner);
    this.#pushNewest(place);
    this.#size++;
    return place;
  }

  /** The 32 bytes at a place, while the key is kept there. */
  view(place: number): Uint8Array {
    const at = (place % KEYS_PER_BLOCK) * KEY_BYTES;
    return this.#block(place).subarray(at, at + KEY_BYTES);
  }

  ownerOf(place: number): number {
    return this.#link(place, OWNER);
  }

  /** The key at this place is used now: all others were used before it. */
  touch(place: number): void {
    if (place === this.#newest) return;
    this.#unlink(place);
    this.#pushNewest(place);
  }

  /** Wipes the key and makes its place free. */
  release(place: number): void {
    this.view(place).fill(0);
    this.#unlink(place);
    this.#setLink(place, OWNER, 0);
    this.#setLink(place, OLDER, this.#free);
    this.#free = place;
    this.#size--;
  }

  /** Overwrites every key; the slab must not be used after. */
  wipe(): void {
    for (const block of this.#keys) block.fill(0);
  }

  #grow(): void {
    const first = this.#keys.length * KEYS_PER_BLOCK;
    this.#keys.push(new Uint8Array(KEYS_PER_BLOCK * KEY_BYTES));
    this.#links.push(new Uint32Array(KEYS_PER_BLOCK * LINK_WORDS));
    for (let place = first + KEYS_PER_BLOCK - 1; place >= first; place--) {
      this.#setLink(place, OLDER, this.#free);
      this.#free = place;
    }
  }

  #pushNewest(place: number): void {
    this.#setLink(place, NEWER, NONE);
    this.#setLink(place, OLDER, this.#newest);
    if (this.#newest === NONE) this.#oldest = place;
    else this.#setLink(this.#newest, NEWER, place);
    this.#newest = place;
  }

  #unlink(place: number): void {
    const newer = this.#link(place, NEWER);
    const older = this.#link(place, OLDER);
    if (newer === NONE) this.#newest = older;
    else this.#setLink(newer, OLDER, older);
    if (older === NONE) this.#oldest = newer;
    else this.#setLink(older, NEWER, newer);
  }

  #block(place: number): Uint8Array {
    const block = this.#keys[Math.floor(place / KEYS_PER_BLOCK)];
    if (block) return block;
    throw new RangeError(`the slab has no place ${place}`);
  }

  #link(place: number, which: number): number {
    const links = this.#links[Math.floor(place / KEYS_PER_BLOCK)];
    return links?.[(place % KEYS_PER_BLOCK) * LINK_WORDS + which] ?? NONE;
  }

  #setLink(place: number, which: number, value: number): void {
    const links = this.#links[Math.floor(place / KEYS_PER_BLOCK)];
    if (links) links[(place % KEYS_PER_BLOCK) * LINK_WORDS + which] = value;
  }
}
