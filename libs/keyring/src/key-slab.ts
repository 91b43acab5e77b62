import { KEY_BYTES } from './crypto/sodium.js';

const KEYS_PER_BLOCK = 1024;
const MOST_PLACES = 0xffffffff;
const LINKS_PER_KEY = KEY_BYTES / 4;
/** The age of a free place; those of keys begin above. */
const FREE = 0;
const OLDEST = 1;
const YOUNGEST = 255;
/** No more keys than this part of the limit have one age. */
const PARTS = 8;

/**
 * Memory for user keys: large blocks outside the garbage collector's heap, so that keys are not copied around, and can be
 * wiped for good. A small typed array of its own would be moved by the collector, leaving copies. At most `limit` keys
 * lie here; a place is a number. A key's age is a byte, which says about when it was used last: about what an order
 * would say, in an eighth of its memory. Whose a key is matters when it must make room, so it is not kept before `trackOwners`.
 */
export class KeySlab {
  readonly limit: number;
  readonly #keys: Uint8Array[] = [];
  readonly #ages: Uint8Array[] = [];
  #owners: Uint32Array[] | null = null;
  /** The place that was released last, from 1, which holds the one before; 0: none. */
  #free = 0;
  /** From here on no place was ever used. */
  #unused = 0;
  #size = 0;
  /** The age of what is used now. */
  #now = OLDEST;
  /** Keys by age. */
  #counts = new Uint32Array(YOUNGEST + 1);
  /** Where the search for a key that makes room goes on. */
  #hand = 0;

  constructor(limit = MOST_PLACES) {
    this.limit = Math.min(limit, MOST_PLACES);
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
    const youngestOld = this.#youngestOld();
    let oldest = MOST_PLACES;
    let leastAge = YOUNGEST + 1;
    for (let steps = 0; steps < places; steps++) {
      const place = this.#hand;
      this.#hand = (place + 1) % places;
      const age = this.#age(place);
      if (age === FREE || age >= leastAge) continue;
      if (age <= youngestOld) return place;
      oldest = place;
      leastAge = age;
    }
    return oldest;
  }

  /** The place of a copy of `key`, which itself is wiped at once; the slab must not be full. `owner`: a u32 that `ownerOf` gives. */
  keep(key: Uint8Array, owner: number): number {
    if (this.isFull) throw new RangeError(`a slab of ${this.limit} keys takes no more`);
    const place = this.#takePlace();
    this.#block(place).set(key, (place % KEYS_PER_BLOCK) * KEY_BYTES);
    key.fill(0);
    this.setOwner(place, owner);
    this.touch(place);
    this.#size++;
    return place;
  }

  /** The 32 bytes at a place, while the key is kept there. */
  view(place: number): Uint8Array {
    const at = (place % KEYS_PER_BLOCK) * KEY_BYTES;
    return this.#block(place).subarray(at, at + KEY_BYTES);
  }

  get tracksOwners(): boolean {
    return this.#owners !== null;
  }

  /** From now on it is known whose a key is; of those that lie here already, who calls says it by `setOwner`. */
  trackOwners(): void {
    this.#owners ??= this.#keys.map(() => new Uint32Array(KEYS_PER_BLOCK));
  }

  /** Throws while owners are not tracked. */
  ownerOf(place: number): number {
    const owner = this.#owners?.[Math.floor(place / KEYS_PER_BLOCK)]?.[place % KEYS_PER_BLOCK];
    if (owner === undefined) throw new RangeError(`nobody is known to own place ${place}`);
    return owner;
  }

  setOwner(place: number, owner: number): void {
    const owners = this.#owners?.[Math.floor(place / KEYS_PER_BLOCK)];
    if (owners) owners[place % KEYS_PER_BLOCK] = owner;
  }

  /** The key at this place is used now. */
  touch(place: number): void {
    if (this.#age(place) === this.#now) return;
    this.#setAge(place, this.#now);
    if ((this.#counts[this.#now] ?? 0) < this.limit / PARTS) return;
    if (this.#now === YOUNGEST) this.#renumber();
    this.#now++;
  }

  /** Wipes the key and makes its place free: zeros, behind the number of another free place. */
  release(place: number): void {
    this.view(place).fill(0);
    this.#setAge(place, FREE);
    this.#links(place)[0] = this.#free;
    this.#free = place + 1;
    this.#size--;
  }

  /** Overwrites every key; the slab must not be used after. */
  wipe(): void {
    for (const block of this.#keys) block.fill(0);
  }

  #takePlace(): number {
    if (this.#free > 0) {
      const place = this.#free - 1;
      this.#free = this.#links(place)[0] ?? 0;
      return place;
    }
    if (this.#unused === this.#keys.length * KEYS_PER_BLOCK) this.#grow();
    return this.#unused++;
  }

  #grow(): void {
    this.#keys.push(new Uint8Array(KEYS_PER_BLOCK * KEY_BYTES));
    this.#ages.push(new Uint8Array(KEYS_PER_BLOCK));
    this.#owners?.push(new Uint32Array(KEYS_PER_BLOCK));
  }

  /** The bytes of a free place, as numbers of places. */
  #links(place: number): Uint32Array {
    const { buffer, byteOffset } = this.view(place);
    return new Uint32Array(buffer, byteOffset, LINKS_PER_KEY);
  }

  /** Three quarters of the limit were used after any key of this age or an older one; below them all where there are not so many. */
  #youngestOld(): number {
    const kept = this.limit - Math.ceil(this.limit / 4);
    let age = this.#now;
    for (let younger = 0; younger < kept && age > FREE; age--) younger += this.#counts[age] ?? 0;
    return age;
  }

  /** Gives the ages anew from the oldest on, in their order, small ones together: a few more than two for each part. */
  #renumber(): void {
    const renumbered = new Uint8Array(YOUNGEST + 1);
    const counts = new Uint32Array(YOUNGEST + 1);
    let next = OLDEST;
    for (let age = OLDEST; age <= YOUNGEST; age++) {
      const count = this.#counts[age] ?? 0;
      if (count === 0) continue;
      const together = (counts[next] ?? 0) + count;
      if (together > count && together > this.limit / PARTS) next++;
      counts[next] = (counts[next] ?? 0) + count;
      renumbered[age] = next;
    }
    for (const ages of this.#ages) {
      for (let index = 0; index < ages.length; index++) ages[index] = renumbered[ages[index] ?? FREE] ?? FREE;
    }
    this.#counts = counts;
    this.#now = next;
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
    if (!ages) return;
    const before = ages[place % KEYS_PER_BLOCK] ?? FREE;
    if (before !== FREE) this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    if (age !== FREE) this.#counts[age] = (this.#counts[age] ?? 0) + 1;
    ages[place % KEYS_PER_BLOCK] = age;
  }
}
