/** Says that needle `number` of a kind stands in what was searched. Of bytes in a file, where in the file. */
export type NeedleFound = (needle: Needle, position: number) => void;

export interface Needle {
  readonly kind: 'user-ref' | 'kid' | 'secret';
  /** Which of its kind. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** A shorter one occurs by chance in a few GiB. */
export const LEAST_NEEDLE_BYTES = 8;
const wordBytes = 4;
const filterBits = 20;
/** 2^32 over the golden ratio: spreads words over the filter (Knuth, TAOCP 6.4). */
const spread = 0x9e3779b1;

/** Byte strings that are looked for all at once: one look at each place costs the same, however many there are. */
export class Needles {
  readonly #filter = new Uint32Array(2 ** (filterBits - 5));
  readonly #byWord = new Map<number, Needle[]>();
  #longest = 0;

  /** Throws RangeError below `LEAST_NEEDLE_BYTES`. One that is there already is one more: each is told of. */
  add(needle: Needle): void {
    const { bytes } = needle;
    if (bytes.length < LEAST_NEEDLE_BYTES)
      throw new RangeError(`a needle has at least ${LEAST_NEEDLE_BYTES} bytes, not ${bytes.length}`);
    const word = wordAt(bytes, 0);
    const others = this.#byWord.get(word);
    if (others === undefined) this.#byWord.set(word, [needle]);
    else others.push(needle);
    const bit = bitOf(word);
    this.#filter[bit >>> 5]! |= 1 << (bit & 31);
    this.#longest = Math.max(this.#longest, bytes.length);
  }

  /** Bytes of the longest; 0 without any. */
  get longest(): number {
    return this.#longest;
  }

  /** Those that begin in the first `starts` bytes and end in `bytes`. */
  find(bytes: Uint8Array, starts: number, found: (needle: Needle, at: number) => void): void {
    const last = Math.min(starts, bytes.length - LEAST_NEEDLE_BYTES + 1);
    if (last <= 0 || this.#longest === 0) return;
    const filter = this.#filter;
    let word = wordAt(bytes, 0);
    for (let at = 0; at < last; at++) {
      const bit = bitOf(word);
      if ((filter[bit >>> 5]! & (1 << (bit & 31))) !== 0) this.#compare(word, bytes, at, found);
      word = ((word << 8) | bytes[at + wordBytes]!) >>> 0;
    }
  }

  #compare(word: number, bytes: Uint8Array, at: number, found: (needle: Needle, at: number) => void): void {
    for (const needle of this.#byWord.get(word) ?? [])
      if (standsAt(needle.bytes, bytes, at)) found(needle, at);
  }
}

/** Searches one stream of bytes, also across the borders of the pieces in which it comes. */
export class NeedleSearch {
  #carry = Buffer.alloc(0);
  #next = 0;

  constructor(
    private readonly needles: Needles,
    private readonly found: NeedleFound,
  ) {}

  /** `position` of the piece's first byte. A piece that does not follow the one before begins anew. */
  push(piece: Uint8Array, position: number): void {
    if (position !== this.#next) this.#carry = Buffer.alloc(0);
    this.#next = position + piece.length;
    const keep = this.needles.longest - 1;
    if (keep < 0) return;
    if (this.#carry.length > 0) this.#searchBorder(piece, position, keep);
    this.needles.find(piece, piece.length, (needle, at) => this.found(needle, position + at));
    const rest =
      piece.length < keep ? Buffer.concat([this.#carry, piece]) : Buffer.from(piece.subarray(-keep));
    this.#carry = Buffer.from(rest.subarray(-keep));
  }

  /** What begins in the carry and ends in the piece. */
  #searchBorder(piece: Uint8Array, position: number, keep: number): void {
    const { length } = this.#carry;
    const border = Buffer.concat([this.#carry, piece.subarray(0, keep)]);
    this.needles.find(border, length, (needle, at) => {
      if (at + needle.bytes.length > length) this.found(needle, position - length + at);
    });
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function bitOf(word: number): number {
  return Math.imul(word, spread) >>> (32 - filterBits);
}

function standsAt(needle: Uint8Array, bytes: Uint8Array, at: number): boolean {
  if (at + needle.length > bytes.length) return false;
  for (let index = wordBytes; index < needle.length; index++)
    if (needle[index] !== bytes[at + index]) return false;
  return true;
}
