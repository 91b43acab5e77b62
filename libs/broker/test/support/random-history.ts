import { SeededEntropy } from '@oubliette/runtime/testing';

type Chance = SeededEntropy;

export interface HistoryRecord {
  readonly key: string | null;
  readonly value: string | null;
  /** ms, relative to the moment of the append. */
  readonly ahead: number;
}

/** A step of a log's life. Steps are the same whatever the log answers: offsets are shares of what is there. */
export type Step =
  | {
      readonly kind: 'append';
      readonly records: readonly HistoryRecord[];
      /** An index into the codecs that the run uses. */
      readonly codec: number;
      /** Null: not idempotent. */
      readonly producer: { readonly id: number; readonly epoch: number; readonly sequence: number } | null;
      readonly isTransactional: boolean;
    }
  | {
      readonly kind: 'marker';
      readonly id: number;
      readonly epoch: number;
      readonly result: 'commit' | 'abort';
    }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'deleteRecords'; readonly share: number }
  | { readonly kind: 'restart' };

export interface HistoryShape {
  readonly steps: number;
  readonly keys: number;
  /** Waits are multiples of this, ms. */
  readonly tickMs: number;
  readonly withNullKeys: boolean;
  readonly withTransactions: boolean;
  readonly withDeletedRecords: boolean;
  readonly withRestarts: boolean;
}

const plainProducers = [1, 2];
const transactionalProducers = [11, 12, 13];

/** A random life of a log: appends with keys, null values, times ahead and behind, producers, transactions, waits, restarts. */
export function randomHistory(seed: number, shape: HistoryShape): Step[] {
  const chance = new SeededEntropy(seed);
  const producers = new ProducerBook();
  const steps: Step[] = [];
  while (steps.length < shape.steps) {
    const dice = chance.below(100);
    if (dice < 58) steps.push(append(chance, shape, producers));
    else if (dice < 90) steps.push({ kind: 'wait', ms: shape.tickMs * (1 + chance.below(6)) });
    else if (dice < 96) steps.push(...end(chance, shape, producers));
    else if (dice < 98 && shape.withDeletedRecords) {
      steps.push({ kind: 'deleteRecords', share: chance.below(60) / 100 });
    }
    if (dice >= 98 && shape.withRestarts) steps.push({ kind: 'restart' });
  }
  return steps;
}

function append(chance: Chance, shape: HistoryShape, producers: ProducerBook): Step {
  const future = chance.below(40) === 0 ? 20_000 : 0;
  const records = Array.from({ length: 1 + chance.below(5) }, () => ({
    key: shape.withNullKeys && chance.below(5) === 0 ? null : `key-${chance.below(shape.keys)}`,
    value: chance.below(4) === 0 ? null : `value-${chance.below(1_000_000)}-${'v'.repeat(chance.below(60))}`,
    ahead: future + 100 - chance.below(2_000),
  }));
  const dice = chance.below(10);
  const codec = chance.below(100);
  if (dice < 5 || (dice >= 7 && !shape.withTransactions)) {
    return { kind: 'append', records, codec, producer: null, isTransactional: false };
  }
  const isTransactional = dice >= 7;
  const ids = isTransactional ? transactionalProducers : plainProducers;
  const id = ids[chance.below(ids.length)] ?? 1;
  const producer = producers.next(id, records.length, isTransactional);
  return { kind: 'append', records, codec, producer, isTransactional };
}

/** Ends a transaction that is open, now and then with a new epoch, as a coordinator does that fences its producer. */
function end(chance: Chance, shape: HistoryShape, producers: ProducerBook): Step[] {
  const open = producers.open();
  const id = open[chance.below(Math.max(1, open.length))];
  if (!shape.withTransactions || id === undefined) return [];
  const epoch = producers.end(id, chance.below(5) === 0);
  return [{ kind: 'marker', id, epoch, result: chance.below(2) === 0 ? 'commit' : 'abort' }];
}

/** What each producer sent last. */
class ProducerBook {
  readonly #known = new Map<number, { epoch: number; sequence: number; isOpen: boolean }>();

  open(): number[] {
    return [...this.#known].filter(([, { isOpen }]) => isOpen).map(([id]) => id);
  }

  next(id: number, records: number, opens: boolean): { id: number; epoch: number; sequence: number } {
    const state = this.#known.get(id) ?? { epoch: 0, sequence: 0, isOpen: false };
    this.#known.set(id, { ...state, sequence: state.sequence + records, isOpen: state.isOpen || opens });
    return { id, epoch: state.epoch, sequence: state.sequence };
  }

  end(id: number, fences: boolean): number {
    const state = this.#known.get(id) ?? { epoch: 0, sequence: 0, isOpen: true };
    const epoch = fences ? state.epoch + 1 : state.epoch;
    this.#known.set(id, { epoch, sequence: fences ? 0 : state.sequence, isOpen: false });
    return epoch;
  }
}
