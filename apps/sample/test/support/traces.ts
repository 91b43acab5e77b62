import { createHash } from 'node:crypto';

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** How a text may stand somewhere: as it is, in other capitals, encoded, or hashed without a key. As Latin-1 of its bytes. */
export function tracesOf(text: string): string[] {
  const spellings = [text, text.toLowerCase(), text.toUpperCase()];
  const forms = spellings.flatMap((spelling) => {
    const bytes = Buffer.from(spelling, 'utf8');
    return [
      latin1(spelling),
      Buffer.from(spelling, 'utf16le').toString('latin1'),
      encodeURIComponent(spelling),
      bytes.toString('hex'),
      ...base64Forms(bytes),
      ...['md5', 'sha1', 'sha256', 'sha512', 'blake2b512'].flatMap((algorithm) => {
        const digest = createHash(algorithm).update(bytes).digest();
        return [digest.toString('latin1'), digest.toString('hex'), digest.toString('base64url')];
      }),
    ];
  });
  return [...new Set(forms)];
}

/** What stays of a base64 text, whatever stands before and after: RFC 4648, both alphabets. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((lead) => {
    const encoded = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const partial = (lead + bytes.length) % 3 === 0 ? 0 : 1;
    const middle = encoded.slice([0, 2, 3][lead], encoded.length - partial);
    return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Texts by the place that they come from, and which of the traces stand there. */
export class TraceSearch {
  readonly #traces: readonly string[];

  constructor(texts: readonly string[]) {
    this.#traces = texts.flatMap(tracesOf);
  }

  /** The places where one stands. */
  found(places: Iterable<readonly [place: string, content: string | Uint8Array]>): string[] {
    const hits: string[] = [];
    for (const [place, content] of places) {
      const text = typeof content === 'string' ? latin1(content) : Buffer.from(content).toString('latin1');
      if (this.#traces.some((trace) => text.includes(trace))) hits.push(place);
    }
    return hits;
  }
}
