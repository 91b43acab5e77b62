import type { Clock, Timer } from '@oubliette/runtime';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Erasure } from '../ports.js';
import { inBatches } from './in-batches.js';

export interface CertifierParts {
  readonly certificates: Pick<CertificateRegister, 'issue'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const issuedTogether = 500;
/** A key service that is away for days must not fill memory: what is beyond gets its certificate when somebody asks for it. */
const mostWaiting = 20_000;
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;

/**
 * Issues the certificates of what was erased, many at once. Erasing does not wait for it: what fails, as with a key service that is away, is
 * tried again after growing pauses. A restart leaves the rest to whoever asks for them.
 */
export class Certifier {
  readonly #parts: CertifierParts;
  readonly #waiting = new Map<string, Erasure>();
  #issuing: Promise<void> = Promise.resolve();
  #retry: Timer | null = null;
  #failures = 0;
  /** On the monotonic clock; null: the last try succeeded. */
  #failedAt: number | null = null;
  #closed = false;

  constructor(parts: CertifierParts) {
    this.#parts = parts;
  }

  add(erasure: Erasure): void {
    const { erasureId } = erasure;
    if (this.#waiting.size < mostWaiting || this.#waiting.has(erasureId))
      this.#waiting.set(erasureId, erasure);
    this.#issue();
  }

  /** Resolves when the batch under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#issuing;
  }

  /** One after the other; never rejects. */
  #issue(): void {
    if (!this.#closed) this.#issuing = this.#issuing.then(() => this.#issueAll());
  }

  async #issueAll(): Promise<void> {
    const erasures = [...this.#waiting.values()];
    if (erasures.length === 0 || this.#closed || this.#rests) return;
    this.#waiting.clear();
    try {
      for (const batch of inBatches(erasures, issuedTogether)) {
        // What is left is issued when somebody asks for it: closing must not wait for thousands of signatures.
        if (this.#closed) return;
        await this.#parts.certificates.issue(batch);
      }
      this.#failures = 0;
      this.#failedAt = null;
    } catch (error) {
      this.#tryLater(erasures, error);
    }
  }

  #tryLater(erasures: readonly Erasure[], error: unknown): void {
    // What was said of an erasure meanwhile is newer.
    for (const erasure of erasures)
      if (!this.#waiting.has(erasure.erasureId)) this.#waiting.set(erasure.erasureId, erasure);
    this.#failedAt = this.#parts.clock.monotonic();
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(this.#failures++, 20), longestPauseMs);
    this.#parts.logger.warn(
      'Certificates could not be issued; they are tried again, and issued when somebody asks for them.',
      { erasures: this.#waiting.size, pauseMs, error: codeOf(error) },
    );
    this.#retry?.cancel();
    if (!this.#closed) this.#retry = this.#parts.clock.schedule(pauseMs, () => this.#issue());
  }

  /** Thousands that are erased while a key service is away must not each ask it again. */
  get #rests(): boolean {
    return this.#failedAt !== null && this.#parts.clock.monotonic() - this.#failedAt < firstPauseMs;
  }
}
