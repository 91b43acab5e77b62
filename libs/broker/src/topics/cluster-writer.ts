import { KafkaError } from '@oubliette/protocol';
import { asError, isDiskFull, storageError } from '../log/storage-error.js';
import type { ClusterImage } from './cluster-image.js';
import type { ClusterStore } from './cluster-store.js';

/** So many changes are made, and so many callers told, before others are let run. */
const restEvery = 100;

/** A change that is asked for and not yet stored. */
interface Waiting {
  readonly mayUseReserve: boolean;
  /** Makes the change, or throws and leaves the image as it was; returns what resolves the caller's promise. */
  readonly make: (image: ClusterImage) => () => void;
  readonly reject: (error: Error) => void;
}

/** What a number of changes come to. */
interface Plan {
  readonly image: ClusterImage;
  readonly hasChanged: boolean;
  /** Tells every caller how its change went. */
  readonly settle: () => Promise<void>;
}

/**
 * Stores changes of the cluster's state one writing after the other; what is asked for while one is under way goes together into the
 * next. A change is made on the state in which it is stored, so that what it checks holds then; it is seen, and its promise resolves,
 * when it is on disk. What waits is bounded by the requests under way, of which each connection has one.
 */
export class ClusterWriter {
  #image: ClusterImage;
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(
    private readonly store: ClusterStore,
    image: ClusterImage,
  ) {
    this.#image = image;
  }

  /** The state as it is stored. */
  get image(): ClusterImage {
    return this.#image;
  }

  /**
   * `change` throws before it changes anything, or not at all. `mayUseReserve`: on a full disk it is stored in the room that is kept
   * for what an operator does then. Rejects with what `change` threw, or KafkaError KAFKA_STORAGE_ERROR; then nothing has changed, in
   * memory or on disk.
   */
  change<T>(change: (image: ClusterImage) => T, mayUseReserve = false): Promise<T> {
    if (this.#isClosed) return Promise.reject(new KafkaError('NOT_CONTROLLER', 'the broker is stopping'));
    return new Promise<T>((resolve, reject) => {
      const make = (image: ClusterImage): (() => void) => {
        const result = change(image);
        return () => resolve(result);
      };
      this.#waiting.push({ mayUseReserve, make, reject });
      // After a turn of the microtasks: what one request asks for is one writing.
      this.#running ??= Promise.resolve().then(() => this.#run());
    });
  }

  /** Stores what was asked for; further changes are refused with NOT_CONTROLLER. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await this.#write(batch);
      }
    } finally {
      this.#running = null;
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const error = await this.#tryWrite(batch, (image) => this.store.save(image.state));
    if (error === null) return;
    const urgent = isDiskFull(error) ? batch.filter(({ mayUseReserve }) => mayUseReserve) : [];
    for (const { reject } of batch.filter((change) => !urgent.includes(change))) reject(storageError(error));
    await this.#writeInReserve(urgent);
  }

  /** Together; where that does not fit, one by one: a deletion is not refused for the settings beside it. */
  async #writeInReserve(urgent: readonly Waiting[]): Promise<void> {
    if (urgent.length === 0) return;
    const error = await this.#tryWrite(urgent, (image) => this.store.saveInReserve(image.state));
    if (error === null) return;
    if (urgent.length > 1 && isDiskFull(error)) {
      for (const one of urgent) await this.#writeInReserve([one]);
      return;
    }
    for (const { reject } of urgent) reject(storageError(error));
  }

  /** Null when all callers have been told; else nobody was. */
  async #tryWrite(
    batch: readonly Waiting[],
    save: (image: ClusterImage) => Promise<void>,
  ): Promise<Error | null> {
    const plan = await planOf(this.#image, batch);
    try {
      if (plan.hasChanged) await save(plan.image);
    } catch (error) {
      return asError(error);
    }
    this.#image = plan.image;
    await plan.settle();
    return null;
  }
}

/** On a copy that nobody else sees: while it rests the state is what it was. */
async function planOf(current: ClusterImage, batch: readonly Waiting[]): Promise<Plan> {
  const image = current.copy();
  const outcomes: (() => void)[] = [];
  let hasChanged = false;
  for (const [index, { make, reject }] of batch.entries()) {
    if (isPlaceToRest(index)) await nextTurn();
    try {
      outcomes.push(make(image));
      hasChanged = true;
    } catch (error) {
      outcomes.push(() => reject(asError(error)));
    }
  }
  const settle = async (): Promise<void> => {
    for (const [index, tell] of outcomes.entries()) {
      if (isPlaceToRest(index)) await nextTurn();
      tell();
    }
  };
  return { image, hasChanged, settle };
}

function isPlaceToRest(index: number): boolean {
  return index > 0 && index % restEvery === 0;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
