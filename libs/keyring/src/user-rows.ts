import { hexOfWords } from './hex-words.js';
import { USER_REF_WORDS } from './record-keys.js';
import type { KeyState } from './user-key.js';

const ROWS_PER_CHUNK = 1024;
/**
 * Words of a row. All begin with the userRef (4). LIVING goes on with kid 2, offset, where the key is held, madeAt 32,
 * madeAt 16 ‖ profile 13 ‖ kind 3; FORGOTTEN with fingerprint 4, erasedAt 32, erasedAt 16 ‖ 0 13 ‖ kind 3; UNREADABLE with kid 2,
 * offset, 0 32, 0 32, 0 16 ‖ scope 13 ‖ kind 3.
 */
const WORDS = 10;
const KID = USER_REF_WORDS;
const OFFSET = 6;
const HELD = 7;
const TIME = 8;
const KIND = 9;
const KIND_BITS = 3;
const KIND_MASK = 0b111;
const PROFILE_BITS = 13;
const TIME_SHIFT = PROFILE_BITS + KIND_BITS;
const TIME_UNIT = 2 ** TIME_SHIFT;
const FINGERPRINT = USER_REF_WORDS;
const FINGERPRINT_WORDS = 4;

/** Each part of the index grows by itself, so that no growth takes more than a few milliseconds; more parts leave small pieces of memory behind. */
const SHARDS = 16;
const SHARD_SHIFT = 28;
const FIRST_SLOTS = 8;
const WORD = 2 ** 32;
const MOST_IN_WORD = WORD - 1;

/**
 * What a user's row holds: nothing (an object elsewhere does), one living key, one fence with or without a fingerprint, or where one key
 * record stands that could not be read.
 */
export const IN_OBJECT = 0;
export const LIVING = 1;
export const FORGOTTEN = 2;
export const FORGOTTEN_WITH_KEY = 3;
export const UNREADABLE = 4;

/** Times above this have no place in a row, nor have offsets above the other. */
export const MOST_TIME_IN_ROW = 2 ** 48 - 1;
export const MOST_OFFSET_IN_ROW = MOST_IN_WORD;
/** Profiles are numbered below this. */
export const MOST_PROFILES = 2 ** PROFILE_BITS;

/**
 * The users of one partition in typed arrays: a row of 40 bytes each in chunks that never move, and an open-addressing index
 * of row numbers over them; beside them how often a key was used, for chunks with one that was. A user keeps its row: rows are only added.
 */
export class UserRows {
  readonly #chunks: Uint32Array[] = [];
  readonly #uses: (Uint32Array | undefined)[] = [];
  readonly #shards: Uint32Array[] = [];
  readonly #filled = new Uint32Array(SHARDS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The row of the user whose reference stands in the first words; -1 when there is none. */
  find(userRef: Uint32Array): number {
    const shard = this.#shards[shardOf(userRef)];
    if (!shard) return -1;
    const mask = shard.length - 1;
    for (let slot = slotOf(userRef) & mask; ; slot = (slot + 1) & mask) {
      const row = (shard[slot] ?? 0) - 1;
      if (row < 0 || this.#isOf(row, userRef)) return row;
    }
  }

  /** Adds a row for a user that has none. */
  add(userRef: Uint32Array): number {
    const row = this.#count++;
    if (row % ROWS_PER_CHUNK === 0) this.#chunks.push(new Uint32Array(ROWS_PER_CHUNK * WORDS));
    for (let word = 0; word < USER_REF_WORDS; word++) this.#set(row, word, userRef[word] ?? 0);
    const shard = shardOf(userRef);
    const slots = this.#shards[shard] ?? new Uint32Array(FIRST_SLOTS);
    this.#shards[shard] = slots;
    this.#filled[shard] = (this.#filled[shard] ?? 0) + 1;
    if ((this.#filled[shard] ?? 0) * 4 > slots.length * 3) this.#growShard(shard, slots);
    put(this.#shards[shard] ?? slots, slotOf(userRef), row);
    return row;
  }

  kind(row: number): number {
    return this.#get(row, KIND) & KIND_MASK;
  }

  userRef(row: number): string {
    return this.#hex(row, 0, USER_REF_WORDS);
  }

  putInObject(row: number): void {
    this.#set(row, KIND, IN_OBJECT);
  }

  /** `name`: userRef 4 words, kid 2. Offset and time no more than has a place. */
  putLiving(
    row: number,
    name: Uint32Array,
    profile: number,
    offset: number,
    madeAt: number,
    held: number,
    uses: number,
  ): void {
    this.#set(row, KID, name[KID] ?? 0);
    this.#set(row, KID + 1, name[KID + 1] ?? 0);
    this.#set(row, OFFSET, offset);
    this.#set(row, HELD, held);
    this.#putTime(row, madeAt, profile, LIVING);
    this.setUses(row, uses);
  }

  kid(row: number): string {
    return this.#hex(row, KID, 2);
  }

  profile(row: number): number {
    return (this.#get(row, KIND) & (TIME_UNIT - 1)) >>> KIND_BITS;
  }

  offset(row: number): number {
    return this.#get(row, OFFSET);
  }

  /** madeAt of a living key, erasedAt of a forgotten user. */
  time(row: number): number {
    return (this.#get(row, KIND) >>> TIME_SHIFT) * WORD + this.#get(row, TIME);
  }

  held(row: number): number {
    return this.#get(row, HELD);
  }

  setHeld(row: number, held: number): void {
    this.#set(row, HELD, held);
  }

  /** Of a living key, written through. */
  keyState(row: number): KeyState {
    return new KeyStateInRow(this, row);
  }

  uses(row: number): number {
    return this.#uses[Math.floor(row / ROWS_PER_CHUNK)]?.[row % ROWS_PER_CHUNK] ?? 0;
  }

  setUses(row: number, uses: number): void {
    const chunk = Math.floor(row / ROWS_PER_CHUNK);
    if (uses === 0 && this.#uses[chunk] === undefined) return;
    const counts = (this.#uses[chunk] ??= new Uint32Array(ROWS_PER_CHUNK));
    counts[row % ROWS_PER_CHUNK] = Math.min(uses, MOST_IN_WORD);
  }

  /** `fingerprint`: 4 words, or null. `erasedAt` at most `MOST_TIME_IN_ROW`. */
  putForgotten(row: number, erasedAt: number, fingerprint: Uint32Array | null): void {
    for (let word = 0; word < FINGERPRINT_WORDS; word++) {
      this.#set(row, FINGERPRINT + word, fingerprint?.[word] ?? 0);
    }
    this.#putTime(row, erasedAt, 0, fingerprint === null ? FORGOTTEN : FORGOTTEN_WITH_KEY);
    this.setUses(row, 0);
  }

  /** `name`: userRef 4 words, kid 2. `scope`: the number of what it claims, below `MOST_PROFILES`. */
  putUnreadable(row: number, name: Uint32Array, scope: number, offset: number): void {
    this.putLiving(row, name, scope, offset, 0, 0, 0);
    this.#putTime(row, 0, scope, UNREADABLE);
  }

  fingerprint(row: number): string {
    return this.#hex(row, FINGERPRINT, FINGERPRINT_WORDS);
  }

  #putTime(row: number, time: number, profile: number, kind: number): void {
    this.#set(row, TIME, time % WORD);
    this.#set(row, KIND, Math.floor(time / WORD) * TIME_UNIT + ((profile << KIND_BITS) | kind));
  }

  #growShard(shard: number, slots: Uint32Array): void {
    const grown = new Uint32Array(slots.length * 2);
    for (const entry of slots) {
      if (entry === 0) continue;
      const chunk = this.#chunkOf(entry - 1);
      const at = ((entry - 1) % ROWS_PER_CHUNK) * WORDS;
      put(grown, hashOf(chunk[at + 2] ?? 0, chunk[at + 3] ?? 0), entry - 1);
    }
    this.#shards[shard] = grown;
  }

  #isOf(row: number, userRef: Uint32Array): boolean {
    const chunk = this.#chunkOf(row);
    const at = (row % ROWS_PER_CHUNK) * WORDS;
    return (
      chunk[at + 3] === userRef[3] &&
      chunk[at + 2] === userRef[2] &&
      chunk[at + 1] === userRef[1] &&
      chunk[at] === userRef[0]
    );
  }

  #hex(row: number, from: number, count: number): string {
    return hexOfWords(this.#chunkOf(row), (row % ROWS_PER_CHUNK) * WORDS + from, count);
  }

  #get(row: number, word: number): number {
    return this.#chunkOf(row)[(row % ROWS_PER_CHUNK) * WORDS + word] ?? 0;
  }

  #set(row: number, word: number, value: number): void {
    this.#chunkOf(row)[(row % ROWS_PER_CHUNK) * WORDS + word] = value;
  }

  #chunkOf(row: number): Uint32Array {
    const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)];
    if (chunk) return chunk;
    throw new RangeError(`there is no row ${row}: ${this.#count} are there`);
  }
}

class KeyStateInRow implements KeyState {
  constructor(
    private readonly rows: UserRows,
    private readonly row: number,
  ) {}

  get held(): number {
    return this.rows.held(this.row);
  }

  set held(held: number) {
    this.rows.setHeld(this.row, held);
  }

  get uses(): number {
    return this.rows.uses(this.row);
  }

  set uses(uses: number) {
    this.rows.setUses(this.row, uses);
  }
}

/** The first word chooses the partition, so the second one chooses the shard. A userRef is a keyed hash: any of its bits will do. */
function shardOf(userRef: Uint32Array): number {
  return (userRef[1] ?? 0) >>> SHARD_SHIFT;
}

function slotOf(userRef: Uint32Array): number {
  return hashOf(userRef[2] ?? 0, userRef[3] ?? 0);
}

function hashOf(third: number, fourth: number): number {
  return (third ^ fourth) >>> 0;
}

function put(slots: Uint32Array, hash: number, row: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = row + 1;
}
