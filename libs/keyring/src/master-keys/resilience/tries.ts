import { sleep, type Clock, type Entropy } from '@oubliette/runtime';
import { KeyringError } from '../../errors.js';
import type { ServiceErrors } from '../service-errors.js';
import { attempt } from './attempt.js';
import { CircuitBreaker } from './circuit-breaker.js';

export interface ResilienceOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Longest wait for one answer, in ms; default 5 s. */
  readonly timeoutMs?: number;
  /** How often a call is tried in all; default 4. */
  readonly attempts?: number;
  /** Wait before the second try, in ms, doubled before each next one up to 5 s; a random part of it, up to half, is left out. Default 200. */
  readonly backoffMs?: number;
  /** Failures in a row after which nobody is asked for `breakerRestMs`; default 8. */
  readonly breakerFailures?: number;
  /** In ms; default 30 s. */
  readonly breakerRestMs?: number;
}

export interface Call<T> {
  readonly run: (signal: AbortSignal) => Promise<T>;
  /** Takes a result that came after its time limit. */
  readonly discard?: (result: T) => void;
  /** True when trying again makes no sense any more. */
  readonly isMoot?: () => boolean;
}

const MAX_BACKOFF_MS = 5_000;

/** Calls of one service: a time limit for each try, further tries after jittered waits, and a circuit breaker over all. */
export class Tries {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #timeoutMs: number;
  readonly #attempts: number;
  readonly #backoffMs: number;
  readonly #breaker: CircuitBreaker;
  readonly #errors: ServiceErrors;
  readonly #closing = new AbortController();

  constructor(options: ResilienceOptions, errors: ServiceErrors) {
    this.#errors = errors;
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#timeoutMs = options.timeoutMs ?? 5_000;
    this.#attempts = options.attempts ?? 4;
    this.#backoffMs = options.backoffMs ?? 200;
    this.#breaker = new CircuitBreaker({
      failures: options.breakerFailures ?? 8,
      restMs: options.breakerRestMs ?? 30_000,
    });
  }

  /** Only retriable errors are tried again. Rejects with the reason of `outer` once it aborts. */
  async call<T>(outer: AbortSignal | undefined, call: Call<T>): Promise<T> {
    const signal = outer ? AbortSignal.any([outer, this.#closing.signal]) : this.#closing.signal;
    for (let tried = 1; ; tried++) {
      if (signal.aborted) throw signal.reason;
      this.#assertNotResting();
      try {
        return await this.#try(signal, call);
      } catch (error) {
        const isOver = tried >= this.#attempts || call.isMoot?.();
        if (isOver || !isRetriable(error)) throw error;
      }
      await sleep(this.#clock, this.#waitAfter(tried), signal);
    }
  }

  /** Calls under way reject with `reason`, and so do later ones. */
  close(reason: Error): void {
    this.#closing.abort(reason);
  }

  /** One try, of which the breaker learns how it ended. A service that says no has answered. */
  async #try<T>(signal: AbortSignal, { run, discard }: Call<T>): Promise<T> {
    const late = (): Error =>
      this.#errors.unavailable(this.#errors.service, `no answer within ${this.#timeoutMs} ms`);
    const limits = { clock: this.#clock, timeoutMs: this.#timeoutMs, late, outer: signal };
    try {
      const result = await attempt(limits, run, discard ?? (() => undefined));
      this.#breaker.succeeded();
      return result;
    } catch (error) {
      if (isRetriable(error)) this.#breaker.failed(this.#clock.monotonic());
      else if (!signal.aborted) this.#breaker.succeeded();
      throw error;
    }
  }

  /** While the breaker rests nobody waits: that is for whoever asks again. */
  #assertNotResting(): void {
    const restMs = this.#breaker.enter(this.#clock.monotonic());
    if (restMs === 0) return;
    throw this.#errors.unavailable(
      this.#errors.service,
      `it did not answer several times in a row and is left alone for ${Math.ceil(restMs / 1000)} s more`,
    );
  }

  #waitAfter(tried: number): number {
    const full = Math.min(this.#backoffMs * 2 ** (tried - 1), MAX_BACKOFF_MS);
    const chance = new Uint8Array(1);
    this.#entropy.fill(chance);
    return full * (1 - (chance[0] ?? 0) / 512);
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof KeyringError && error.retriable;
}
