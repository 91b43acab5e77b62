import type { Clock, Timer } from '@oubliette/runtime';
import { KafkaClientError } from '../errors.js';

interface Waiter {
  readonly offset: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/** How far each partition was given to the reader, and who waits for more. A waiter is answered within `timeoutMs`. */
export class Positions {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** The next offset to read, by partition. */
  readonly #next: bigint[];
  readonly #waiters: Set<Waiter>[];
  #failure: KafkaClientError | null = null;
  #onFailure: (error: KafkaClientError) => void = () => undefined;

  constructor(partitionCount: number, clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#next = Array.from({ length: partitionCount }, () => 0n);
    this.#waiters = Array.from({ length: partitionCount }, () => new Set());
  }

  next(partition: number): bigint {
    const next = this.#next[partition];
    if (next === undefined) throw new RangeError(`The key topic has no partition ${partition}.`);
    return next;
  }

  advance(partition: number, next: bigint): void {
    this.#next[partition] = next;
    for (const waiter of this.#waiters[partition] ?? [])
      if (waiter.offset < next) this.#settle(partition, waiter);
  }

  /** The partition is given anew from its start: what waits for a record waits until it was given again. */
  restart(partition: number): void {
    this.#next[partition] = 0n;
  }

  /** Resolves when everything up to and including `offset` was given; rejects with `KEY_TOPIC_UNAVAILABLE` when late. */
  reached(partition: number, offset: bigint): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.next(partition) > offset) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(this.#timeoutMs, () =>
        this.#settle(partition, waiter, behind(this.#timeoutMs)),
      );
      const waiter: Waiter = { offset, resolve, reject, timer };
      this.#waiters[partition]?.add(waiter);
    });
  }

  /** Rejects all that wait, now and later. */
  fail(error: KafkaClientError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#onFailure(error);
    for (const [partition, waiters] of this.#waiters.entries())
      for (const waiter of waiters) this.#settle(partition, waiter, error);
  }

  /** Takes the one listener that hears of `fail`. */
  onFailure(listener: (error: KafkaClientError) => void): void {
    this.#onFailure = listener;
  }

  get failure(): KafkaClientError | null {
    return this.#failure;
  }

  #settle(partition: number, waiter: Waiter, error?: KafkaClientError): void {
    this.#waiters[partition]?.delete(waiter);
    waiter.timer.cancel();
    if (error === undefined) waiter.resolve();
    else waiter.reject(error);
  }
}

function behind(timeoutMs: number): KafkaClientError {
  return new KafkaClientError(
    'KEY_TOPIC_UNAVAILABLE',
    `The key topic was not read as far as asked within ${timeoutMs} ms: check that its brokers are reachable, then try again.`,
    { retriable: true },
  );
}
