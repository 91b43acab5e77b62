import type { Clock, Timer } from '@oubliette/runtime';
import { PersistenceError } from './errors.js';

export interface SerialLockOptions {
  readonly clock: Clock;
  /** Longest wait in ms before `LOCK_TIMEOUT`. Default 30,000. */
  readonly waitMs?: number;
  /** Most callers that wait at a time, beyond them `LOCK_QUEUE_FULL`. Default 10,000. */
  readonly queueLimit?: number;
}

/** One holder at a time, first come, first served. */
export class SerialLock {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #queueLimit: number;
  readonly #queue = new Set<() => void>();
  #held = false;

  constructor({ clock, waitMs = 30_000, queueLimit = 10_000 }: SerialLockOptions) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#queueLimit = queueLimit;
  }

  /** Callers that wait now. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Resolves to the release, which does nothing the second time. */
  async acquire(): Promise<() => void> {
    if (this.#held) await this.#wait();
    this.#held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#passOn();
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  #wait(): Promise<void> {
    if (this.#queue.size >= this.#queueLimit)
      throw new PersistenceError(
        'LOCK_QUEUE_FULL',
        `${this.#queueLimit} callers wait for the embedded database already: slow down, or use PostgreSQL.`,
      );
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        timer.cancel();
        resolve();
      };
      const timer: Timer = this.#clock.schedule(this.#waitMs, () => {
        this.#queue.delete(proceed);
        reject(
          new PersistenceError(
            'LOCK_TIMEOUT',
            `Waited ${this.#waitMs} ms for the embedded database: a transaction is stuck, or it waits for a query outside itself (use the manager that it was given).`,
          ),
        );
      });
      this.#queue.add(proceed);
    });
  }

  /** The lock stays held while it passes on, so that nobody slips in before the next in line. */
  #passOn(): void {
    const next = this.#queue.values().next();
    if (next.done) {
      this.#held = false;
      return;
    }
    this.#queue.delete(next.value);
    next.value();
  }
}
