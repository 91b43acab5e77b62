import { constants, createUnzip } from 'node:zlib';
import { ByteSearchStream, type ByteSearch } from './byte-search.js';
import { HEAD_BYTES, packingOf, type Packing } from './packed-formats.js';
import type { TermForm, TermPattern } from './term-forms.js';
import { TextSearch, type AuditPattern } from './text-patterns.js';

/** What was found once. */
export type ScanHit = { readonly unpacked: boolean } & (
  { readonly term: number; readonly form: TermForm } | { readonly pattern: string }
);

/** Hears what a scan comes upon. */
export interface ScanListener {
  found(hit: ScanHit): void;
  /** Something inside the content that is not looked into. */
  unseen(reason: string): void;
  /** So many bytes are behind it; waits to let others have a turn, and rejects when the audit is stopped. */
  passed(bytes: number): Promise<void>;
}

/** Packed in packed in packed: what lies deeper is named, not unpacked. */
const DEEPEST = 3;
const CHANCE_BYTES = 64;
const TEXT_BYTES = 16 * 1024;

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Looks through one content at a time for terms and patterns, also within gzip and zlib. */
export class ContentScan {
  constructor(
    private readonly terms: ByteSearch<TermPattern>,
    private readonly patterns: readonly AuditPattern[],
    private readonly listener: ScanListener,
  ) {}

  async scan(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (content instanceof Uint8Array) await this.#whole(content);
    else await this.#stream(content, 0);
  }

  /** The same without a copy: most contents are a few bytes long. */
  async #whole(bytes: Uint8Array): Promise<void> {
    this.terms.find(bytes, (pattern) => this.#foundTerm(pattern, 0));
    if (this.patterns.length > 0) {
      const text = this.#textSearch(0);
      await this.#search(text, bytes);
      text.end();
    }
    const packing = packingOf(bytes);
    await this.#packed(packing, [bytes], 0);
    await this.listener.passed(bytes.length);
  }

  async #stream(content: AsyncIterable<Uint8Array>, depth: number): Promise<void> {
    const scanned = this.#scanned(content, depth);
    const head: Uint8Array[] = [];
    let size = 0;
    while (size < HEAD_BYTES) {
      const next = await scanned.next();
      if (next.done === true) break;
      size += next.value.length;
      head.push(Uint8Array.from(next.value));
    }
    const packing = packingOf(Buffer.concat(head));
    await this.#packed(packing, joined(head, scanned), depth);
    for await (const chunk of scanned) void chunk;
  }

  /** Passes on what it looks through. */
  async *#scanned(
    content: AsyncIterable<Uint8Array>,
    depth: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const bytes = new ByteSearchStream(this.terms, (pattern) => this.#foundTerm(pattern, depth));
    const text = this.#textSearch(depth);
    for await (const chunk of content) {
      bytes.push(chunk);
      if (this.patterns.length > 0) await this.#search(text, chunk);
      if (depth === 0) await this.listener.passed(chunk.length);
      else await this.listener.passed(0);
      yield chunk;
    }
    bytes.end();
    text.end();
  }

  /** A little at a time: an expression may take a thousand steps a character. */
  async #search(text: TextSearch, bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += TEXT_BYTES) {
      if (from > 0) await this.listener.passed(0);
      text.push(bytes.subarray(from, from + TEXT_BYTES));
    }
  }

  async #packed(packing: Packing, bytes: Pieces, depth: number): Promise<void> {
    if (packing === null) return;
    if (typeof packing === 'object') this.listener.unseen(packing.unseen);
    else if (depth >= DEEPEST) this.listener.unseen(`${packing} within ${DEEPEST} others: not looked into`);
    else await this.#unpacked(packing, bytes, depth);
  }

  /** What unpacking gives is looked through while the packed bytes come in; damage ends it, and is told. */
  async #unpacked(packing: 'gzip' | 'zlib', packed: Pieces, depth: number): Promise<void> {
    // A text that is cut off gives what there is of it.
    const unzip = createUnzip({ finishFlush: constants.Z_SYNC_FLUSH });
    let unpackedBytes = 0;
    let isOver = false;
    let goOn = (): void => undefined;
    const inner = this.#stream(
      counted(unzip, (bytes) => (unpackedBytes += bytes)),
      depth + 1,
    )
      .then(
        () => null,
        (error: unknown) => error,
      )
      .finally(() => {
        isOver = true;
        goOn();
      });
    try {
      for await (const chunk of packed) {
        // What stands behind the packed text is nothing to unpack: then no write is answered any more.
        if (isOver) continue;
        await new Promise<void>((resolve) => {
          goOn = resolve;
          unzip.write(chunk, () => resolve());
        });
      }
      if (!isOver) unzip.end();
    } catch (error) {
      unzip.destroy();
      await inner;
      throw error;
    }
    const error = await inner;
    if (error === null) return;
    if (!isDamage(error)) throw error;
    // Two bytes begin zlib, and one in 16,000 random texts: what breaks off so soon was none.
    if (packing === 'gzip' || unpackedBytes >= CHANCE_BYTES)
      this.listener.unseen(`damaged ${packing}: looked into up to about the damage`);
  }

  #textSearch(depth: number): TextSearch {
    return new TextSearch(this.patterns, ({ name }) =>
      this.listener.found({ pattern: name, unpacked: depth > 0 }),
    );
  }

  #foundTerm({ term, form }: TermPattern, depth: number): void {
    this.listener.found({ term, form, unpacked: depth > 0 });
  }
}

async function* joined(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* head;
  // Not by `yield*`: who stops here must not end the rest.
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

/** Codes of zlib, and of a stream that was ended by it. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ERR_STREAM_)/.test(String(error.code));
}
