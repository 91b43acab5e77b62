/** Bytes to look for, at least four of them. */
export interface BytePattern {
  readonly bytes: Uint8Array;
  /** Whether A to Z count as a to z. */
  readonly foldsCase: boolean;
}

interface Anchored<P extends BytePattern> {
  readonly pattern: P;
  /** The pattern's own bytes, folded where it folds. */
  readonly bytes: Uint8Array;
  /** Index behind the four bytes by which it is found. */
  readonly anchor: number;
}

const GRAM = 4;
const FILTER_BITS = 20;
const FILTER_SHIFT = 32 - FILTER_BITS;
const fold = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/**
 * Looks for many byte strings in one pass, whatever their number: each is known by the four of its bytes that fewest others are known
 * by; a table of a megabyte says of four bytes whether any is; what passes is compared in full (a multi-pattern Rabin–Karp).
 */
export class ByteSearch<P extends BytePattern> {
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  readonly #byGram = new Map<number, Anchored<P>[]>();
  /** Bytes of the longest pattern; 0 without one. */
  readonly longest: number;

  /** Throws RangeError for a pattern of less than four bytes. */
  constructor(patterns: readonly P[]) {
    this.longest = patterns.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    for (const pattern of patterns) this.#add(pattern);
  }

  /** All that stands in `bytes`; `onFound` hears of each occurrence once. */
  find(bytes: Uint8Array, onFound: (pattern: P) => void): void {
    this.findBetween(bytes, GRAM, bytes.length + 1, onFound);
  }

  /** Occurrences whose four bytes end behind index `from - 1` and before index `to - 1`; all of `bytes` may be looked at for them. */
  findBetween(bytes: Uint8Array, from: number, to: number, onFound: (pattern: P) => void): void {
    if (this.longest === 0) return;
    const filter = this.#filter;
    let gram = 0;
    for (let at = Math.max(0, from - GRAM); at < from - 1 && at < bytes.length; at++)
      gram = (gram << 8) | fold[bytes[at]!]!;
    for (let at = from - 1; at < to - 1; at++) {
      gram = (gram << 8) | fold[bytes[at]!]!;
      if (filter[Math.imul(gram, 0x9e3779b1) >>> FILTER_SHIFT] !== 0)
        this.#compare(bytes, at + 1, gram, onFound);
    }
  }

  #compare(bytes: Uint8Array, end: number, gram: number, onFound: (pattern: P) => void): void {
    for (const { pattern, bytes: wanted, anchor } of this.#byGram.get(gram) ?? []) {
      const start = end - anchor;
      if (start < 0 || start + wanted.length > bytes.length) continue;
      if (standsAt(bytes, start, wanted, pattern.foldsCase)) onFound(pattern);
    }
  }

  #add(pattern: P): void {
    const { bytes, foldsCase } = pattern;
    if (bytes.length < GRAM)
      throw new RangeError(`a pattern has ${bytes.length} bytes, at least ${GRAM} are needed`);
    let fewest: { gram: number; anchor: number; others: number } | null = null;
    for (let anchor = GRAM; anchor <= bytes.length; anchor++) {
      const gram = gramBefore(bytes, anchor);
      const others = this.#byGram.get(gram)?.length ?? 0;
      if (fewest === null || others < fewest.others) fewest = { gram, anchor, others };
    }
    const { gram, anchor } = fewest!;
    const known = this.#byGram.get(gram) ?? [];
    known.push({ pattern, bytes: foldsCase ? bytes.map((byte) => fold[byte]!) : bytes, anchor });
    this.#byGram.set(gram, known);
    this.#filter[Math.imul(gram, 0x9e3779b1) >>> FILTER_SHIFT] = 1;
  }
}

function gramBefore(bytes: Uint8Array, end: number): number {
  let gram = 0;
  for (let at = end - GRAM; at < end; at++) gram = (gram << 8) | fold[bytes[at]!]!;
  return gram;
}

function standsAt(bytes: Uint8Array, start: number, wanted: Uint8Array, folds: boolean): boolean {
  for (let at = 0; at < wanted.length; at++) {
    const byte = bytes[start + at]!;
    if ((folds ? fold[byte] : byte) !== wanted[at]) return false;
  }
  return true;
}

const PIECE = 64 * 1024;

/** The same over a stream in pieces: what begins in one and ends in another is found once. Memory: 64 KiB and four longest patterns. */
export class ByteSearchStream<P extends BytePattern> {
  readonly #search: ByteSearch<P>;
  readonly #onFound: (pattern: P) => void;
  readonly #window: Uint8Array;
  /** Bytes in the window, and up to which of them four bytes were looked at. */
  #filled = 0;
  #done = GRAM - 1;

  constructor(search: ByteSearch<P>, onFound: (pattern: P) => void) {
    this.#search = search;
    this.#onFound = onFound;
    this.#window = new Uint8Array(PIECE + 4 * search.longest);
  }

  push(chunk: Uint8Array): void {
    if (this.#search.longest === 0) return;
    for (let from = 0; from < chunk.length;) {
      const room = this.#window.length - this.#filled;
      const piece = chunk.subarray(from, from + room);
      this.#window.set(piece, this.#filled);
      this.#filled += piece.length;
      from += piece.length;
      if (this.#filled === this.#window.length) this.#advance(this.#filled - this.#search.longest);
    }
  }

  /** Looks at what was held back for what might have followed. */
  end(): void {
    this.#advance(this.#filled);
  }

  /** Looks at all four bytes up to the index, and keeps what a pattern may still reach back to. */
  #advance(upTo: number): void {
    if (upTo > this.#done) {
      const held = this.#window.subarray(0, this.#filled);
      this.#search.findBetween(held, this.#done + 1, upTo + 1, this.#onFound);
      this.#done = upTo;
    }
    const kept = Math.max(0, this.#done - Math.max(GRAM, this.#search.longest));
    this.#window.copyWithin(0, kept, this.#filled);
    this.#filled -= kept;
    this.#done -= kept;
  }
}
