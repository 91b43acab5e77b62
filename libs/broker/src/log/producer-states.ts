import { KafkaError, type BatchView } from '@oubliette/protocol';
import { decodeMarker } from './end-transaction-marker.js';
import { OpenTransactions, type EndedTransaction } from './open-transactions.js';
import type { ProducerDescription, TransactionMarker } from './partition-log.js';
import type { AbortedEntry } from './transaction-index.js';

/** Kafka keeps as many; an idempotent producer has at most five requests in flight. */
const keptBatches = 5;
const highestSequence = 0x7fffffff;
const noSequence = -1;

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
  /** Of the last transaction marker, -1 without one. */
  readonly coordinatorEpoch: number;
  /** Oldest first, five at most; none after a marker with a new epoch. */
  readonly batches: readonly ProducedBatch[];
  /** Of the last batch or marker, ms: expiry counts from here. */
  readonly lastTimestamp: bigint;
  /** First offset of the open transaction. */
  readonly transactionStart: bigint | null;
}

/** What an append changed, to take it back when the write fails. */
export interface ProducerChange {
  readonly producerId: bigint;
  readonly before: ProducerState | undefined;
  readonly began: bigint | null;
  readonly ended: EndedTransaction | null;
  /** For the transaction index of the segment that holds the marker. */
  readonly aborted: AbortedEntry | null;
}

/** Sequence numbers and transactions of producers, by Kafka's ProducerStateManager, ProducerAppendInfo and ProducerStateEntry. */
export class ProducerStates {
  readonly transactions = new OpenTransactions();
  readonly #states = new Map<bigint, ProducerState>();

  get size(): number {
    return this.#states.size;
  }

  entries(): IterableIterator<[bigint, ProducerState]> {
    return this.#states.entries();
  }

  get all(): ReadonlyMap<bigint, ProducerState> {
    return this.#states;
  }

  get(producerId: bigint): ProducerState | undefined {
    return this.#states.get(producerId);
  }

  /** Enters what a snapshot holds of a producer. */
  load(producerId: bigint, state: ProducerState): void {
    this.#states.set(producerId, state);
    if (state.transactionStart !== null) this.transactions.begin(producerId, state.transactionStart);
  }

  /**
   * The earlier append of this very batch, or null for a new one. Throws KafkaError INVALID_PRODUCER_EPOCH for an older
   * epoch, OUT_OF_ORDER_SEQUENCE_NUMBER for a gap, INVALID_TXN_STATE for a plain batch while a transaction is open.
   */
  check(batch: BatchView): ProducedBatch | null {
    const state = this.#states.get(batch.producerId);
    if (state === undefined) return null;
    const { producerEpoch, baseSequence, lastSequence } = batch;
    if (producerEpoch === state.epoch) {
      const earlier = state.batches.find(
        (kept) => kept.firstSequence === baseSequence && kept.lastSequence === lastSequence,
      );
      if (earlier !== undefined) return earlier;
    }
    checkEpoch(producerEpoch, state);
    checkSequence(batch, state);
    if (state.transactionStart !== null && !batch.isTransactional) {
      throw new KafkaError(
        'INVALID_TXN_STATE',
        'a batch outside of the transaction that its producer has open',
      );
    }
    return null;
  }

  /** Throws KafkaError INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED. */
  checkMarker({ producerId, producerEpoch, coordinatorEpoch }: TransactionMarker): void {
    const state = this.#states.get(producerId);
    if (state === undefined) return;
    checkEpoch(producerEpoch, state);
    if (coordinatorEpoch < state.coordinatorEpoch) {
      throw new KafkaError(
        'TRANSACTION_COORDINATOR_FENCED',
        `the coordinator's epoch ${coordinatorEpoch} is older than ${state.coordinatorEpoch}`,
      );
    }
  }

  /** Takes account of an appended batch with a producer id; returns what it changed. */
  add(batch: BatchView): ProducerChange {
    return batch.isControl ? this.#addMarker(batch) : this.#addData(batch);
  }

  /** Takes back a change whose append failed; the last one first. */
  undo({ producerId, before, began, ended }: ProducerChange): void {
    if (before === undefined) this.#states.delete(producerId);
    else this.#states.set(producerId, before);
    if (began !== null) this.transactions.forget(began);
    if (ended !== null) this.transactions.reopen(ended);
  }

  /** Whether producer.id.expiration.ms have passed since its last timestamp; never with an open transaction. */
  static isExpired(state: ProducerState, nowMs: number, expirationMs: number): boolean {
    return state.transactionStart === null && BigInt(nowMs) - state.lastTimestamp >= BigInt(expirationMs);
  }

  /** Forgets the expired. */
  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, state] of this.#states) {
      if (ProducerStates.isExpired(state, nowMs, expirationMs)) this.#states.delete(producerId);
    }
  }

  describe(): readonly ProducerDescription[] {
    return [...this.#states].map(([producerId, state]) => ({
      producerId,
      producerEpoch: state.epoch,
      lastSequence: state.batches.at(-1)?.lastSequence ?? noSequence,
      lastTimestamp: state.lastTimestamp,
      coordinatorEpoch: state.coordinatorEpoch,
      currentTxnStartOffset: state.transactionStart ?? -1n,
    }));
  }

  #addData(batch: BatchView): ProducerChange {
    const { producerId, producerEpoch: epoch, baseOffset } = batch;
    const before = this.#states.get(producerId);
    const appended: ProducedBatch = {
      firstSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      baseOffset,
      lastOffset: batch.lastOffset,
      timestamp: batch.maxTimestamp,
    };
    const kept = before?.epoch === epoch ? before.batches.slice(1 - keptBatches) : [];
    const open = before?.transactionStart ?? null;
    const began = open === null && batch.isTransactional ? baseOffset : null;
    if (began !== null) this.transactions.begin(producerId, began);
    this.#states.set(producerId, {
      epoch,
      coordinatorEpoch: before?.coordinatorEpoch ?? -1,
      batches: [...kept, appended],
      lastTimestamp: batch.maxTimestamp,
      transactionStart: open ?? began,
    });
    return { producerId, before, began, ended: null, aborted: null };
  }

  #addMarker(batch: BatchView): ProducerChange {
    const { producerId, producerEpoch: epoch, baseOffset: lastOffset } = batch;
    const before = this.#states.get(producerId);
    const marker = decodeMarker(batch);
    if (marker === null) return { producerId, before, began: null, ended: null, aborted: null };
    const firstOffset = before?.transactionStart ?? null;
    const ended = firstOffset === null ? null : { producerId, firstOffset, lastOffset };
    let aborted: AbortedEntry | null = null;
    if (ended !== null) {
      const lastStableOffset = this.transactions.stableOffsetAfter(ended);
      if (marker.result === 'abort') aborted = { ...ended, lastStableOffset };
      this.transactions.end(ended);
    }
    this.#states.set(producerId, {
      epoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      batches: before?.epoch === epoch ? before.batches : [],
      lastTimestamp: marker.timestamp,
      transactionStart: null,
    });
    return { producerId, before, began: null, ended, aborted };
  }
}

function checkEpoch(epoch: number, state: ProducerState): void {
  if (epoch < state.epoch) {
    throw new KafkaError('INVALID_PRODUCER_EPOCH', `epoch ${epoch} is older than ${state.epoch}`);
  }
}

function checkSequence({ producerEpoch, baseSequence }: BatchView, state: ProducerState): void {
  if (producerEpoch !== state.epoch) {
    if (baseSequence === 0 || state.epoch < 0) return;
    throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', `a new epoch starts at 0, not at ${baseSequence}`);
  }
  const last = state.batches.at(-1)?.lastSequence ?? noSequence;
  const follows = baseSequence === last + 1 || (baseSequence === 0 && last === highestSequence);
  if (!follows) {
    throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', `sequence ${baseSequence} does not follow ${last}`);
  }
}
