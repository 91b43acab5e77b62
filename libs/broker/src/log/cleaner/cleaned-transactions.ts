import type { BatchView } from '@oubliette/protocol';
import type { DiskPartitionLog } from '../disk-partition-log.js';
import { decodeMarker } from '../end-transaction-marker.js';
import type { AbortedEntry } from '../transaction-index.js';
import { segmentsBetween } from './segment-ranges.js';

/**
 * What the cleaner knows of transactions while it walks along a log (Kafka's CleanedTransactionMetadata): which batches were
 * aborted, and which markers no longer have a batch of their transaction before them.
 */
export class CleanedTransactions {
  readonly #committed = new Set<bigint>();
  readonly #aborted = new Map<bigint, { readonly entry: AbortedEntry; seen: boolean }>();
  /** Of those still ahead, the one with the lowest first offset is the last. */
  #ahead: AbortedEntry[] = [];

  /** `keep` is told of each aborted transaction that has batches left: the new segment's index needs it. */
  constructor(private readonly keep: (entry: AbortedEntry) => void) {}

  add(entries: readonly AbortedEntry[]): void {
    if (entries.length === 0) return;
    this.#ahead = [...this.#ahead, ...entries].sort((left, right) =>
      left.firstOffset > right.firstOffset ? -1 : left.firstOffset < right.firstOffset ? 1 : 0,
    );
  }

  /** Passes a data batch; whether it belongs to an aborted transaction and may go. */
  passData(batch: BatchView): boolean {
    this.#begin(batch.lastOffset);
    if (!batch.isTransactional) return false;
    const aborted = this.#aborted.get(batch.producerId);
    if (aborted === undefined) {
      this.#committed.add(batch.producerId);
      return false;
    }
    aborted.seen = true;
    return true;
  }

  /** Passes a control batch; whether nothing of its transaction is left and it may go after the delete horizon. */
  passControl(batch: BatchView): boolean {
    this.#begin(batch.lastOffset);
    // It was emptied by an earlier cleaning.
    if (batch.recordCount === 0) return true;
    const marker = decodeMarker(batch);
    if (marker === null) return false;
    if (marker.result === 'commit') return !this.#committed.delete(batch.producerId);
    const aborted = this.#aborted.get(batch.producerId);
    this.#aborted.delete(batch.producerId);
    if (aborted?.seen !== true) return true;
    this.keep(aborted.entry);
    return false;
  }

  #begin(upTo: bigint): void {
    for (let next = this.#ahead.at(-1); next !== undefined; next = this.#ahead.at(-1)) {
      if (next.firstOffset > upTo) return;
      this.#ahead.pop();
      if (!this.#aborted.has(next.producerId)) {
        this.#aborted.set(next.producerId, { entry: next, seen: false });
      }
    }
  }
}

/**
 * Aborted transactions that may have batches between `from` and `to` (UnifiedLog.collectAbortedTransactions). What ended below the log
 * start left nothing.
 */
export function collectAborted(log: DiskPartitionLog, from: bigint, to: bigint): AbortedEntry[] {
  const found: AbortedEntry[] = [];
  for (const segment of segmentsBetween(log.segments, from, log.segments.active.nextOffset + 1n)) {
    for (const entry of segment.transactionIndex.entries) {
      if (entry.lastOffset >= log.logStartOffset && entry.firstOffset < to) found.push(entry);
      if (entry.lastStableOffset >= to) return found;
    }
  }
  return found;
}
