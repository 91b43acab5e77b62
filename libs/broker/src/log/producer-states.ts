import { KafkaError, type BatchView } from '@oubliette/protocol';

/** Kafka keeps as many; an idempotent producer has at most five requests in flight. */
const keptBatches = 5;
const highestSequence = 0x7fffffff;

/** A batch that was appended, as far as a retry of it needs to be recognised. */
export interface ProducedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly timestamp: bigint;
}

/** What the log knows of a producer; never changed in place. */
export interface ProducerState {
  readonly epoch: number;
  /** Oldest first, five at most. */
  readonly batches: readonly ProducedBatch[];
  /** Wall-clock ms of the last append. */
  readonly seenMs: number;
}

/** Sequence numbers of idempotent producers, by Kafka's ProducerStateManager and ProducerAppendInfo. */
export class ProducerStates {
  readonly #states = new Map<bigint, ProducerState>();

  get size(): number {
    return this.#states.size;
  }

  entries(): IterableIterator<[bigint, ProducerState]> {
    return this.#states.entries();
  }

  get(producerId: bigint): ProducerState | undefined {
    return this.#states.get(producerId);
  }

  /** Sets a state back to what it was before an append that failed. */
  restore(producerId: bigint, state: ProducerState | undefined): void {
    if (state === undefined) this.#states.delete(producerId);
    else this.#states.set(producerId, state);
  }

  /**
   * The earlier append of this very batch, or null for a new one. Throws KafkaError INVALID_PRODUCER_EPOCH for an older
   * epoch, OUT_OF_ORDER_SEQUENCE_NUMBER for a gap.
   */
  check(batch: BatchView): ProducedBatch | null {
    const state = this.#states.get(batch.producerId);
    if (state === undefined) return null;
    const { producerEpoch, baseSequence } = batch;
    if (producerEpoch < state.epoch) {
      throw new KafkaError('INVALID_PRODUCER_EPOCH', `epoch ${producerEpoch} is older than ${state.epoch}`);
    }
    if (producerEpoch > state.epoch) {
      if (baseSequence === 0) return null;
      throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', `a new epoch starts at 0, not at ${baseSequence}`);
    }
    const { lastSequence } = batch;
    const duplicate = state.batches.find(
      (kept) => kept.firstSequence === baseSequence && kept.lastSequence === lastSequence,
    );
    if (duplicate !== undefined) return duplicate;
    const last = state.batches.at(-1);
    if (last !== undefined && !follows(last.lastSequence, baseSequence)) {
      throw new KafkaError(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `sequence ${baseSequence} does not follow ${last.lastSequence}`,
      );
    }
    return null;
  }

  /** Takes account of an appended batch; returns the state before it. */
  add(batch: BatchView, nowMs: number): ProducerState | undefined {
    const before = this.#states.get(batch.producerId);
    const appended: ProducedBatch = {
      firstSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      timestamp: batch.maxTimestamp,
    };
    const kept = before?.epoch === batch.producerEpoch ? before.batches.slice(1 - keptBatches) : [];
    this.#states.set(batch.producerId, {
      epoch: batch.producerEpoch,
      batches: [...kept, appended],
      seenMs: nowMs,
    });
    return before;
  }

  /** Forgets producers that have been silent since before `cutoffMs`. */
  expire(cutoffMs: number): void {
    for (const [producerId, state] of this.#states) {
      if (state.seenMs < cutoffMs) this.#states.delete(producerId);
    }
  }
}

function follows(last: number, next: number): boolean {
  return next === (last === highestSequence ? 0 : last + 1);
}
