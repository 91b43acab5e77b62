import { inspect } from 'node:util';
import type { Clock, Timer } from '@oubliette/runtime';
import { KeyringError, type KeyringErrorCode } from '../errors.js';
import { LeaseState } from './lease-state.js';
import { momentOf, type Moment } from './longest-time.js';
import { masterKeyUnavailable } from './master-key-errors.js';
import type { MasterKeyCall } from './master-keys.js';
import { attempt } from './resilience/attempt.js';

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
  readonly #outageMs: number;
  readonly #state: LeaseState;
  readonly #closing = new AbortController();
  #isLost = false;
  /** Lost by a look: the machine slept, or its clock was set. The next question is not put off. */
  #asksAtOnce = false;
  #trouble: LeaseTrouble | null = null;
  #nextQuestion: Timer | null = null;
  #end: Timer | null = null;
  #confirming: Promise<boolean> | null = null;

  constructor(options: MasterKeyLeaseOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#confirmEveryMs = options.confirmEveryMs ?? 300_000;
    this.#outageMs = options.outageMs ?? 86_400_000;
    this.#state = new LeaseState(this.#outageMs, momentOf(this.#clock));
    this.#askLater();
    this.#watchTheEnd();
  }

  /** Ask before each use: it reads both clocks, and the first look after the time is over loses the lease. */
  get isHeld(): boolean {
    return this.isHeldAt(momentOf(this.#clock));
  }

  /** The same for whoever has just read both clocks: `now` is this moment. */
  isHeldAt(now: Moment): boolean {
    if (!this.#isLost && !this.#closing.signal.aborted && !this.#state.isHeld(now)) {
      this.#isLost = true;
      this.#asksAtOnce = true;
      this.#options.onLost();
      this.#askLater();
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
      this.#askLater();
    });
    return this.#confirming;
  }

  /** Ends the asking, and the right. What a question under way still gives is wiped. */
  async close(): Promise<void> {
    this.#closing.abort(new KeyringError('KEYRING_CLOSED', 'The keyring was closed.'));
    this.#nextQuestion?.cancel();
    this.#end?.cancel();
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
      secrets = await this.#ask();
      this.#trouble = secrets ? null : 'DEPLOYMENT_RECORD_INVALID';
    } catch (error) {
      this.#trouble = error instanceof KeyringError ? error.code : 'FAILED';
    }
    if (!secrets) return false;
    this.#take(secrets, askedAt);
    secrets.fill(0);
    return true;
  }

  /** Services have their own time limit. One that hangs for as long as an outage may last is asked anew. */
  #ask(): Promise<Uint8Array | null> {
    const timeoutMs = this.#outageMs;
    const limits = {
      clock: this.#clock,
      timeoutMs,
      late: () => masterKeyUnavailable('the master key', `no answer within ${timeoutMs} ms`),
      outer: this.#closing.signal,
    };
    return attempt(
      limits,
      (signal) => this.#options.unwrap({ fresh: true, signal }),
      (late) => late?.fill(0),
    );
  }

  #take(secrets: Uint8Array, askedAt: Moment): void {
    if (this.#closing.signal.aborted) return;
    this.#state.confirm(askedAt);
    this.#watchTheEnd();
    if (!this.#isLost || !this.#state.isHeld(momentOf(this.#clock))) return;
    this.#isLost = false;
    this.#options.onRegained(secrets);
  }

  /** A look at the end's time, so that it is seen even when nobody uses the keys and a question hangs. */
  #watchTheEnd(): void {
    this.#end?.cancel();
    this.#end = this.#clock.schedule(this.#state.remainingMs(momentOf(this.#clock)), () => {
      if (this.isHeld) this.#watchTheEnd();
    });
  }

  #askLater(): void {
    this.#nextQuestion?.cancel();
    if (this.#closing.signal.aborted) return;
    const isWell = this.#trouble === null && !this.#isLost;
    const next = isWell ? this.#confirmEveryMs : Math.min(RETRY_MS, this.#confirmEveryMs);
    this.#nextQuestion = this.#clock.schedule(this.#asksAtOnce ? 0 : next, () => void this.confirm());
  }
}
