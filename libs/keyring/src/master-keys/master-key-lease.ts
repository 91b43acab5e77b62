import { inspect } from 'node:util';
import type { Clock, Timer } from '@oubliette/runtime';
import { KeyringError, type KeyringErrorCode } from '../errors.js';
import { LeaseState } from './lease-state.js';
import { momentOf } from './longest-time.js';
import type { MasterKeyCall } from './master-keys.js';

export interface MasterKeyLeaseOptions {
  readonly clock: Clock;
  /**
   * Unwraps the standing deployment record with the master key, with the options given: its secrets, or null when they do
   * not open.
   */
  readonly unwrap: (options: MasterKeyCall) => Promise<Uint8Array | null>;
  /** How often the master key is asked again, in ms; default 5 min. */
  readonly confirmEveryMs?: number;
  /** How long secrets may be used while it cannot be asked, in ms; default 24 h. */
  readonly outageMs?: number;
  /** The lease was lost: wipe what the master key gave. Called once a loss; must not throw. */
  readonly onLost: () => void;
  /** The lease was lost and is held again; `secrets` are wiped after the call. Must not throw. */
  readonly onRegained: (secrets: Uint8Array) => void;
}

/** How the last question to the master key ended. */
export type LeaseTrouble = KeyringErrorCode | 'FAILED';

/** While it is not confirmed it asks sooner. */
const RETRY_MS = 30_000;

/**
 * The right to use what the master key gave, for a stated time after the key was asked last. It asks by itself, says so when
 * the time is over, and goes on asking. It begins held: make it right after the record was unwrapped.
 */
export class MasterKeyLease {
  readonly #options: MasterKeyLeaseOptions;
  readonly #clock: Clock;
  readonly #confirmEveryMs: number;
  readonly #state: LeaseState;
  readonly #closing = new AbortController();
  #isLost = false;
  /** Lost by a look: the machine slept, or its clock was set. The next question is not put off. */
  #asksAtOnce = false;
  #trouble: LeaseTrouble | null = null;
  #timer: Timer | null = null;
  #confirming: Promise<boolean> | null = null;

  constructor(options: MasterKeyLeaseOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#confirmEveryMs = options.confirmEveryMs ?? 300_000;
    this.#state = new LeaseState(options.outageMs ?? 86_400_000, momentOf(this.#clock));
    this.#schedule();
  }

  /** Ask before each use: it reads both clocks, and the first look after the time is over loses the lease. */
  get isHeld(): boolean {
    if (!this.#isLost && !this.#closing.signal.aborted && !this.#state.isHeld(momentOf(this.#clock))) {
      this.#isLost = true;
      this.#asksAtOnce = true;
      this.#options.onLost();
      this.#schedule();
    }
    return !this.#isLost && !this.#closing.signal.aborted;
  }

  /** Why the last question failed; null when it did not. */
  get trouble(): LeaseTrouble | null {
    return this.#trouble;
  }

  /** Until it is lost, without another confirmation, in ms. */
  get remainingMs(): number {
    return this.isHeld ? this.#state.remainingMs(momentOf(this.#clock)) : 0;
  }

  /** Asks now; resolves to whether the master key gave the secrets. Two at once are one question. */
  confirm(): Promise<boolean> {
    this.#confirming ??= this.#confirm().finally(() => {
      this.#confirming = null;
      this.#schedule();
    });
    return this.#confirming;
  }

  /** Ends the asking, and the right. Resolves when no question is under way. */
  async close(): Promise<void> {
    this.#closing.abort(new KeyringError('KEYRING_CLOSED', 'The keyring was closed.'));
    this.#timer?.cancel();
    await this.#confirming;
  }

  [inspect.custom](): string {
    return `MasterKeyLease { held: ${!this.#isLost}, trouble: ${this.#trouble ?? 'none'} }`;
  }

  async #confirm(): Promise<boolean> {
    const askedAt = momentOf(this.#clock);
    this.#asksAtOnce = false;
    let secrets: Uint8Array | null = null;
    try {
      secrets = await this.#options.unwrap({ fresh: true, signal: this.#closing.signal });
      this.#trouble = secrets ? null : 'DEPLOYMENT_RECORD_INVALID';
    } catch (error) {
      this.#trouble = error instanceof KeyringError ? error.code : 'FAILED';
    }
    if (!secrets) return false;
    this.#take(secrets, askedAt);
    secrets.fill(0);
    return true;
  }

  #take(secrets: Uint8Array, askedAt: ReturnType<typeof momentOf>): void {
    if (this.#closing.signal.aborted) return;
    this.#state.confirm(askedAt);
    if (!this.#isLost || !this.#state.isHeld(momentOf(this.#clock))) return;
    this.#isLost = false;
    this.#options.onRegained(secrets);
  }

  /** The next question, or the end of the lease, whichever comes first. */
  #schedule(): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#clock.schedule(this.#untilNext(), () => {
      // A look, so that the end is seen at its time even when nobody uses the keys.
      void this.isHeld;
      void this.confirm();
    });
  }

  #untilNext(): number {
    if (this.#asksAtOnce) return 0;
    const isWell = this.#trouble === null && !this.#isLost;
    const next = isWell ? this.#confirmEveryMs : Math.min(RETRY_MS, this.#confirmEveryMs);
    return this.#isLost ? next : Math.min(next, this.#state.remainingMs(momentOf(this.#clock)));
  }
}
