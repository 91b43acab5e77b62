import { KEY_BYTES } from './crypto/sodium.js';

const KEYS_PER_BLOCK = 1024;
const NONE = 0xffffffff;
/** The age of a free place; those of keys begin above. */
const FREE = 0;
const OLDEST = 1;
const YOUNGEST = 255;
/** When ages run out, so much is taken off of each. */
const HALF = 128;
/** Uses of as many keys as this part of the limit have one age. */
const PARTS = 8;
/** Who has one of the last so many ages and one makes no room: more than half of the limit are never in fewer. */
const KEPT_AGES = 5;

/**
 * Memory for user keys: large blocks outside the garbage collector's heap, so that keys are not copied around, and can be
 * wiped for good. A small typed array of its own would be moved by the collector, leaving copies. At most `limit` keys
 * lie here; a place is a number. A key's age is a byte, the count of when it was used last, which says about what an order
 * would say and takes an eighth of its memory.
 */
export class KeySlab {
  readonly limit: number;
  readonly #keys: Uint8Array[] = [];
  readonly #ages: Uint8Array[] = [];
  /** Whose a key is; of a free place, the next free one. */
  readonly #owners: Uint32Array[] = [];
  #free = NONE;
  #size = 0;
  /** The age of what is used now, and how many keys got it. */
  #now = OLDEST;
  #usedNow = 0;
  /** Where the search for a key that makes room goes on. */
  #hand = 0;

  constructor(limit = NONE) {
    this.limit = Math.min(limit, NONE);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.limit;
  }

  /**
   * The place of a key that was not used for long: of a full slab, never one of the half of `limit` that were used last. Throws when
   * there is none.
   */
  old(): number {
    if (this.#size === 0) throw new RangeError('an empty slab has no old key');
    const places = this.#keys.length * KEYS_PER_BLOCK;
    let oldest = NONE;
    let leastAge = YOUNGEST + 1;
    for (let steps = 0; steps < places; steps++) {
      const place = this.#hand;
      this.#hand = (place + 1) % places;
      const age = this.#age(place);
      if (age === FREE || age >= leastAge) continue;
      if (age < this.#now - KEPT_AGES) return place;
      oldest = place;
      leastAge = age;
    }
    return oldest;
  }

  /** The place of a copy of `key`, which itself is wiped at once; the slab must not be full. `owner`: a u32 that `ownerOf` gives. */
  keep(key: Uint8Array, owner: number): number {
    if (this.isFull) throw new RangeError(`a slab of ${this.limit} keys takes no more`);
    if (this.#free === NONE) this.#grow();
    const place = this.#free;
    this.#free = this.ownerOf(place);
    this.#block(place).set(key, (place % KEYS_PER_BLOCK) * KEY_BYTES);
    key.fill(0);
    this.#setOwner(place, owner);
    this.touch(place);
    this.#size++;
    return place;
  }

  /** The 32 bytes at a place, while the key is kept there. */
  view(place: number): Uint8Array {
    const at = (place % KEYS_PER_BLOCK) * KEY_BYTES;
    return this.#block(place).subarray(at, at + KEY_BYTES);
  }

  ownerOf(place: number): number {
    return this.#owners[Math.floor(place / KEYS_PER_BLOCK)]?.[place % KEYS_PER_BLOCK] ?? NONE;
  }

  /** The key at this place is used now. */
  touch(place: number): void {
    if (this.#age(place) === this.#now) return;
    this.#setAge(place, this.#now);
    if (++this.#usedNow < this.limit / PARTS) return;
    this.#usedNow = 0;
    if (this.#now === YOUNGEST) this.#ageAll();
    this.#now++;
  }

  /** Wipes the key and makes its place free. */
  release(place: number): void {
    this.view(place).fill(0);
    this.#setAge(place, FREE);
    this.#setOwner(place, this.#free);
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
    this.#ages.push(new Uint8Array(KEYS_PER_BLOCK));
    this.#owners.push(new Uint32Array(KEYS_PER_BLOCK));
    for (let place = first + KEYS_PER_BLOCK - 1; place >= first; place--) {
      this.#setOwner(place, this.#free);
      this.#free = place;
    }
  }

  /** Those that were not used for long are one as old as another then. */
  #ageAll(): void {
    for (const ages of this.#ages) {
      for (const [index, age] of ages.entries()) {
        if (age !== FREE) ages[index] = Math.max(OLDEST, age - HALF);
      }
    }
    this.#now -= HALF;
  }

  #block(place: number): Uint8Array {
    const block = this.#keys[Math.floor(place / KEYS_PER_BLOCK)];
    if (block) return block;
    throw new RangeError(`the slab has no place ${place}`);
  }

  #age(place: number): number {
    return this.#ages[Math.floor(place / KEYS_PER_BLOCK)]?.[place % KEYS_PER_BLOCK] ?? FREE;
  }

  #setAge(place: number, age: number): void {
    const ages = this.#ages[Math.floor(place / KEYS_PER_BLOCK)];
    if (ages) ages[place % KEYS_PER_BLOCK] = age;
  }

  #setOwner(place: number, owner: number): void {
    const owners = this.#owners[Math.floor(place / KEYS_PER_BLOCK)];
    if (owners) owners[place % KEYS_PER_BLOCK] = owner;
  }
}
