export interface CircuitBreakerSettings {
  /** Failures in a row after which nobody is asked for a while. */
  readonly failures: number;
  /** How long it rests, in ms, before one call may try. */
  readonly restMs: number;
}

/**
 * Keeps callers from waiting for a service that does not answer: closed, then open for a rest, then one call tries for
 * all. Times are monotonic ms.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings;
  #failures = 0;
  #openUntil: number | null = null;
  #trying = false;

  constructor(settings: CircuitBreakerSettings) {
    this.#settings = settings;
  }

  /** How long a call must still wait; 0: it may go, and has to report how it ended. */
  enter(now: number): number {
    if (this.#openUntil === null) return 0;
    const rest = this.#openUntil - now;
    if (rest > 0) return rest;
    // The one that tries has the time of a rest; should it never report, the next one tries.
    this.#openUntil = now + this.#settings.restMs;
    this.#trying = true;
    return 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = null;
    this.#trying = false;
  }

  failed(now: number): void {
    this.#failures++;
    if (this.#trying || this.#failures >= this.#settings.failures)
      this.#openUntil = now + this.#settings.restMs;
    this.#trying = false;
  }
}
