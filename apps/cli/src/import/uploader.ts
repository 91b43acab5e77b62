import { sleep } from '@oubliette/runtime';
import type { CliContext } from '../context.js';
import type { SampleClient } from '../sample/sample-client.js';

export interface UploadOptions {
  /** Lines a request: what is in memory, and what is sent again after a lost connection. */
  readonly chunkLines: number;
  /** Lines a second at most; null: as fast as the sample takes them. */
  readonly ratePerSecond: number | null;
  /** How long to wait for a sample that went away, in ms. */
  readonly waitMs: number;
}

export interface UploadResult {
  readonly lines: number;
  readonly requests: number;
  /** The sums of what the sample counted, by its own names. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Sends records as NDJSON, one request after the other: the next chunk is prepared while one is on its way, so two are in
 * memory at most. A request whose connection broke is sent again; the sample counts a line once by its identity.
 */
export async function upload(
  context: Pick<CliContext, 'clock' | 'signal'>,
  client: Pick<SampleClient, 'ask'>,
  records: AsyncGenerator<object>,
  options: UploadOptions,
  onProgress: (lines: number) => void,
): Promise<UploadResult> {
  const { clock, signal } = context;
  const { ratePerSecond } = options;
  const chunkLines = Math.min(options.chunkLines, Math.max(1, Math.floor(ratePerSecond ?? Infinity)));
  const began = clock.monotonic();
  const counts: Record<string, number> = {};
  let lines = 0;
  let requests = 0;
  let prepared = nextChunk(records, chunkLines);
  try {
    for (;;) {
      const chunk = await prepared;
      if (chunk.lines === 0) return { lines, requests, counts };
      const request = {
        method: 'POST',
        path: '/import',
        body: chunk.body,
        contentType: 'application/x-ndjson',
      } as const;
      prepared = nextChunk(records, chunkLines);
      // It is awaited in the next turn, or given up with the failure of this request.
      prepared.catch(() => undefined);
      add(counts, await client.ask(request, { waitMs: options.waitMs }));
      lines += chunk.lines;
      requests++;
      onProgress(lines);
      const ahead = ratePerSecond === null ? 0 : (lines / ratePerSecond) * 1000 - (clock.monotonic() - began);
      if (ahead > 0) await sleep(clock, ahead, signal);
    }
  } finally {
    await records.return(undefined);
  }
}

async function nextChunk(
  records: AsyncGenerator<object>,
  most: number,
): Promise<{ body: string; lines: number }> {
  let body = '';
  let lines = 0;
  while (lines < most) {
    const { done, value } = await records.next();
    if (done) break;
    body += `${JSON.stringify(value)}\n`;
    lines++;
  }
  return { body, lines };
}

function add(counts: Record<string, number>, answer: unknown): void {
  if (answer === null || typeof answer !== 'object') return;
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === 'number') counts[name] = (counts[name] ?? 0) + value;
  }
}
