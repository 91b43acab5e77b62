import type { OutgoingRecord } from '../ports.js';

/** Records of one caller that go out together. */
export interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  settle(error: Error | null): void;
}

/** Varints, attributes and the record's place in the batch: an upper estimate, in bytes. */
const recordOverhead = 40;
const headerOverhead = 10;

export function bytesOf(record: OutgoingRecord): number {
  let bytes = recordOverhead + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of Object.entries(record.headers ?? {}))
    bytes += headerOverhead + Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

/** Cuts records into runs of at most `maxBytes`, in order; a record that is larger makes a run of its own. */
export function cut(
  records: readonly OutgoingRecord[],
  maxBytes: number,
): { records: OutgoingRecord[]; bytes: number }[] {
  const runs: { records: OutgoingRecord[]; bytes: number }[] = [];
  let last: { records: OutgoingRecord[]; bytes: number } | null = null;
  for (const record of records) {
    const bytes = bytesOf(record);
    if (last === null || last.bytes + bytes > maxBytes) {
      last = { records: [], bytes: 0 };
      runs.push(last);
    }
    last.records.push(record);
    last.bytes += bytes;
  }
  return runs;
}

/** What waits to be sent, first come, first sent; bounded in bytes by its owner asking `fits`. */
export class RequestQueue {
  readonly #maxRequestBytes: number;
  readonly #maxQueuedBytes: number;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(limits: { readonly maxRequestBytes: number; readonly maxQueuedBytes: number }) {
    this.#maxRequestBytes = limits.maxRequestBytes;
    this.#maxQueuedBytes = limits.maxQueuedBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** True when `bytes` more stay within the bound; an empty queue takes anything, or a large send could never go. */
  fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxQueuedBytes;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes;
  }

  /** Takes from the front what fits one request: at least one entry where there is any. */
  takeRequest(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      if (count > 0 && bytes + entry.bytes > this.#maxRequestBytes) break;
      bytes += entry.bytes;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}
