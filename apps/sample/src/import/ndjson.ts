/** A line of the request's body: its number from 1, and its text without the end of line. */
export interface NdjsonLine {
  readonly number: number;
  readonly text: string;
}

/** What is wrong with a line as such. */
export class LineError extends Error {
  constructor(
    readonly number: number,
    readonly field: string,
    readonly problem: string,
  ) {
    super(`Line ${number}: ${field} ${problem}`);
  }
}

const mostBytes = 64 * 1024;
const lineFeed = 0x0a;

/**
 * Splits a stream of bytes into lines, empty ones left out; holds one line at most beyond the chunk it was given.
 * Throws LineError for a line of more than 64 KiB or one that is not UTF-8.
 */
export async function* ndjsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<NdjsonLine> {
  const text = new TextDecoder('utf-8', { fatal: true });
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let number = 1;
  const take = (end: Uint8Array): NdjsonLine | null => {
    const bytes = rest.length === 0 ? end : Buffer.concat([...rest, end]);
    rest = [];
    restBytes = 0;
    const line = { number, text: decode(text, bytes, number) };
    number++;
    return line.text.trim() === '' ? null : line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      if (restBytes + end - start > mostBytes) throw tooLong(number);
      const line = take(chunk.subarray(start, end));
      if (line !== null) yield line;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > mostBytes) throw tooLong(number);
  }
  const last = restBytes > 0 ? take(new Uint8Array(0)) : null;
  if (last !== null) yield last;
}

function decode(text: { decode(bytes: Uint8Array): string }, bytes: Uint8Array, number: number): string {
  try {
    return text.decode(bytes);
  } catch {
    throw new LineError(number, 'line', 'is not UTF-8');
  }
}

function tooLong(number: number): LineError {
  return new LineError(number, 'line', `has more than ${mostBytes} bytes`);
}
