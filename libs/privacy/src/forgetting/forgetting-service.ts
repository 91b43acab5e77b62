import type { Fence, Keyring, UserRef } from '@oubliette/keyring';
import type { Clock, Entropy, Timer } from '@oubliette/runtime';
import {
  readPolicy,
  type DeadlinePolicy,
  type NamedPolicy,
  type ReadPolicy,
} from '../deadlines/deadline-policy.js';
import { LegalCalendar, type CalendarOptions } from '../deadlines/legal-calendar.js';
import { codeOf, PrivacyError } from '../errors.js';
import { silentLogger, type Logger } from '../logger.js';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import { DeadlineWatch, standingOf } from '../deadlines/deadline-watch.js';
import { checkReason, type PrivacyLog } from '../log/privacy-log.js';
import type {
  Erasure,
  ErasureState,
  ErasureStore,
  Hold,
  KeyTopicWindow,
  LeaseStore,
  TopicWindow,
} from '../ports.js';
import { compareHalves, type LedgerHalves } from '../mirror/compare-halves.js';
import type { LedgerMirror } from '../mirror/ledger-mirror.js';
import { MirroredErasureStore } from '../mirror/mirrored-erasure-store.js';
import type { Acknowledgements } from '../processors/acknowledgements.js';
import { checkRestrictions } from '../restriction/restriction-check.js';
import type { ErasedTopic } from '../ways/erasure-way.js';
import { Consents } from './consents.js';
import { ErasureDriver } from './erasure-driver.js';
import { Holds } from './holds.js';
import type { BlockedTopic } from '../nudger/blockage.js';
import { Leadership } from '../nudger/leadership.js';
import { inBatches } from './in-batches.js';
import { randomUuid } from './random-uuid.js';
import { checkLedger, type LedgerCheck } from './ledger-check.js';
import { Ledger } from './ledger.js';

export interface DeadlineOptions {
  readonly policy?: NamedPolicy | DeadlinePolicy;
  readonly calendar?: CalendarOptions;
}

export interface ForgettingOptions {
  readonly keyring: Keyring;
  readonly store: ErasureStore;
  /** The ledger's other half; it stays the caller's to close. Without: the database alone has it. */
  readonly mirror?: LedgerMirror;
  /** Where holds stand. */
  readonly log: PrivacyLog;
  /** Without: no certificates. */
  readonly certificates?: CertificateRegister;
  /** Asks processors about everybody who is forgotten. Without: nobody is asked. */
  readonly acknowledgements?: Pick<Acknowledgements, 'about'>;
  readonly window: KeyTopicWindow;
  /** Opens a topic whose records are to end too. Without: `resume` takes none. */
  readonly openTopic?: (topic: string) => TopicWindow;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger?: Logger;
  /** By what law requests are answered, and how its days count. Default: `gdpr`, every day in UTC. */
  readonly deadline?: DeadlineOptions;
  /**
   * How long after *forgotten* a replica that cannot be seen holds up *erased*, in ms; from then on the erasure names it as unseen.
   * Default: the computed bound.
   */
  readonly patienceMs?: number;
  /**
   * Where several instances have one ledger: only the holder of the lease sees erasures out of the log, its own and theirs. Default: this
   * instance is alone.
   */
  readonly leases?: LeaseStore;
}

const longestRetryMs = 60_000;
/** A request that stands so long was left by an instance that crashed: before that it is being carried out where it was made. */
const abandonedMs = 60_000;
/** Users that are forgotten together: so many ledger entries are written at a time, and a crash repeats no more. */
const batchUsers = 1_000;

/**
 * Forgets users and sees it through: requested → forgotten (fence and tombstones durable, caches evicted) → erased
 * (a whole read of the partition shows no key record with a value, and file.delete.delay.ms has passed).
 * The ledger comes first, so that a crash between two steps loses none: `resume` drives on what is pending.
 */
export class ForgettingService {
  readonly #parts: ForgettingOptions;
  readonly #logger: Logger;
  readonly #policy: ReadPolicy;
  readonly #calendar: LegalCalendar;
  readonly #ledger: Ledger;
  readonly #holds: Holds;
  readonly #consents: Consents;
  readonly #driver: ErasureDriver;
  readonly #leadership: Leadership | null;
  /** How requests stand to their deadlines, once `resume` was called. */
  readonly deadlines: DeadlineWatch;
  readonly #underWay = new Set<Promise<unknown>>();
  #retry: Timer | null = null;
  #retries = 0;
  #lastCheck: LedgerCheck | null = null;
  #closed = false;

  constructor(given: ForgettingOptions) {
    this.#logger = given.logger ?? silentLogger;
    const { store, mirror } = given;
    const options =
      mirror === undefined
        ? given
        : { ...given, store: new MirroredErasureStore(store, mirror, this.#logger) };
    this.#parts = options;
    const { policy = 'gdpr', calendar } = options.deadline ?? {};
    this.#policy = readPolicy(policy);
    this.#calendar = new LegalCalendar(calendar);
    this.#ledger = new Ledger({ ...options, policy: this.#policy, calendar: this.#calendar });
    this.#holds = new Holds(options);
    this.#consents = new Consents(options);
    const [ledger, holds, logger] = [this.#ledger, this.#holds, this.#logger];
    this.#leadership = this.#lead(options);
    const leads = (): boolean => this.#leadership?.leads ?? true;
    const { openTopic = notOpened } = options;
    this.#driver = new ErasureDriver({ ...options, openTopic, ledger, holds, logger, leads });
    this.deadlines = new DeadlineWatch({
      ...options,
      logger: this.#logger,
      boundMs: () => this.#driver.boundMs(),
    });
  }

  /**
   * Forgets the user behind `userId`; resolves once nobody can decrypt any more, or to an erasure that is *held* under a hold. Again for the same user: the erasure
   * that stands. Rejects with USER_UNKNOWN for somebody who never had a key, with the keyring's USER_ID_INVALID, and with
   * its retriable KEYRING_UNAVAILABLE: then the request stands in the ledger and is carried out as soon as it can be.
   */
  async request(userId: string): Promise<Erasure> {
    const [erasure] = await this.requestMany([userId]);
    if (erasure) return erasure;
    throw unknownUser();
  }

  /**
   * Forgets many users at once; resolves once nobody can decrypt any more, to their erasures in the order asked, null for somebody who
   * never had a key. Each stands in the ledger of its own, a thousand at a time. Rejects as `request` does for the others; what was done
   * stays done, and what stands in the ledger is carried out as soon as it can be.
   */
  async requestMany(userIds: readonly string[]): Promise<(Erasure | null)[]> {
    this.#assertOpen();
    const userRefs = userIds.map((userId) => this.#parts.keyring.userRef(userId));
    return this.#own(this.#requestMany(userRefs));
  }

  /**
   * Ends one purpose of a user (Art. 7(3) GDPR): resolves once nobody can decrypt what is kept for it. Again: the same. It is in the
   * privacy log and not in the ledger, whose entries are of whole users. Rejects with USER_UNKNOWN, and as log and keyring do.
   */
  async withdraw(userId: string, purpose: string): Promise<Fence> {
    this.#assertOpen();
    return this.#own(this.#withdraw(this.#parts.keyring.userRef(userId), purpose));
  }

  /** Begins a withdrawn purpose anew; what was kept before stays erased. In the privacy log too. Rejects with USER_UNKNOWN, and as log and keyring do. */
  async grant(userId: string, purpose: string): Promise<void> {
    this.#assertOpen();
    const { keyring } = this.#parts;
    const userRef = keyring.userRef(userId);
    await this.#own(this.#assertKnown(userRef).then(() => this.#consents.grant(userRef, purpose)));
  }

  /**
   * Places a legal hold: a request to forget the user waits until it is lifted. Again for the same reason: the same hold. Rejects with
   * USER_UNKNOWN, USER_FORGOTTEN and REASON_INVALID.
   */
  async hold(userId: string, reason: string): Promise<Hold> {
    this.#assertOpen();
    const userRef = this.#parts.keyring.userRef(userId);
    return this.#own(this.#assertKnown(userRef).then(() => this.#holds.place(userRef, reason, userId)));
  }

  /** Lifts a hold, and forgets the user where that was waiting for it; false where none stood. Rejects as `hold` and `request` do. */
  async liftHold(userId: string, reason: string): Promise<boolean> {
    this.#assertOpen();
    const userRef = this.#parts.keyring.userRef(userId);
    return this.#own(this.#assertKnown(userRef).then(() => this.#liftHold(userRef, reason)));
  }

  /** The hold that stands; null: none. */
  async holdOf(userId: string): Promise<Hold | null> {
    const userRef = this.#parts.keyring.userRef(userId);
    return (await this.#holds.among([userRef])).get(userRef) ?? null;
  }

  /**
   * Gives an erasure the longer deadline of its policy, once, while the first one has not passed; the user must be told (Art. 12(3)).
   * Rejects with ERASURE_MISSING, DEADLINE_NOT_EXTENDABLE and REASON_INVALID.
   */
  async extend(erasureId: string, reason: string): Promise<Erasure> {
    this.#assertOpen();
    checkReason(reason);
    return this.#own(this.#extend(erasureId, reason));
  }

  /** How an erasure stands to its deadline. */
  async standing(erasure: Erasure): Promise<ReturnType<typeof standingOf>> {
    return standingOf(erasure, await this.#driver.boundMs(), this.#parts.clock.now());
  }

  /**
   * Compares the ledger with the key topic, and forgets again at once whoever came back with a restored copy of the topic; then the privacy
   * log, and restricts again whose restriction was lost with it. Call it once the keyring is loaded. The ledger itself is made whole first, from its mirror. Rejects with what ledger or keyring reject with; the same call again goes on.
   */
  async checkLedger(): Promise<LedgerCheck> {
    this.#assertOpen();
    return this.#own(this.#checkLedger());
  }

  /** The partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedTopic[] {
    return this.#driver.blocked;
  }

  /** What the last comparison came to; null before the first. */
  get lastCheck(): LedgerCheck | null {
    return this.#lastCheck;
  }

  /** null: there is no such erasure. */
  find(erasureId: string): Promise<Erasure | null> {
    return this.#parts.store.get(erasureId);
  }

  /** Erasures that are not *erased* yet, oldest first. */
  pending(): Promise<Erasure[]> {
    return this.#parts.store.pending();
  }

  /**
   * Drives on everything pending in the ledger; call it once the keyring is loaded and `checkLedger` has made the ledger whole. What fails is tried again with
   * growing pauses, so it rejects only when the ledger cannot be read. In `topics` the records of whoever is forgotten from then on end too,
   * before the erasure is *erased*.
   */
  async resume(topics: readonly ErasedTopic[] = []): Promise<void> {
    this.#assertOpen();
    this.#driver.declare(topics);
    if (this.#leadership !== null) await this.#own(this.#leadership.start());
    await this.#own(this.#resume());
    // Ahead of the first request. A failure shows when a request asks for it again.
    await this.#own(this.#driver.boundMs().catch(() => null));
    await this.#own(this.deadlines.start());
  }

  /** Ends all work under way; what is pending stays in the ledger for `resume`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.deadlines.close();
    await Promise.allSettled(this.#underWay);
    await this.#driver.close();
    await this.#leadership?.close();
  }

  async #requestMany(userRefs: readonly UserRef[]): Promise<(Erasure | null)[]> {
    const { keyring } = this.#parts;
    // Another process may have made a user's key a moment ago, or begun a lifecycle that the erasure in the ledger knows nothing of.
    for (const batch of inBatches([...new Set(userRefs)], batchUsers)) await keyring.catchUp(batch);
    const known = [...new Set(userRefs)].filter((userRef) => keyring.state(userRef) !== 'unknown');
    const erasures = new Map<UserRef, Erasure>();
    for (const batch of inBatches(known, batchUsers)) {
      for (const erasure of await this.#requestTogether(batch)) erasures.set(erasure.userRef, erasure);
    }
    return userRefs.map((userRef) => erasures.get(userRef) ?? null);
  }

  async #requestTogether(userRefs: readonly UserRef[]): Promise<readonly Erasure[]> {
    const { keyring } = this.#parts;
    // Writes nothing for them, and rejects where more may be left of them than this process can read.
    await keyring.forgetMany(userRefs.filter((userRef) => keyring.state(userRef) === 'forgotten'));
    const opened = await this.#ledger.open(
      userRefs.map((userRef) => {
        const fenced = keyring.fence(userRef)?.lifecycle ?? 0;
        return { userRef, lifecycle: keyring.state(userRef) === 'forgotten' ? fenced : fenced + 1 };
      }),
    );
    try {
      return await this.#driver.drive(opened);
    } catch (error) {
      this.#tryAgainLater(error);
      throw error;
    }
  }

  async #resume(): Promise<void> {
    for (const batch of inBatches(await this.#parts.store.pending(), batchUsers)) {
      if (this.#closed) return;
      await this.#driveOrLater(batch);
    }
    await this.#driver.watchUnseen();
  }

  #lead({ leases, entropy, clock }: ForgettingOptions): Leadership | null {
    if (leases === undefined) return null;
    return new Leadership({
      leases,
      holder: randomUuid(entropy),
      clock,
      logger: this.#logger,
      onLead: () => this.#own(this.#adopt()),
      onLost: () => this.#driver.release(),
    });
  }

  /** Takes over what other instances left to the one that leads. */
  async #adopt(): Promise<void> {
    const now = this.#parts.clock.now();
    try {
      const pending = await this.#parts.store.pending();
      const left = pending.filter(
        (erasure) =>
          (erasure.state === 'forgotten' && !this.#driver.follows(erasure)) ||
          (erasure.state === 'requested' && now - erasure.updatedAt >= abandonedMs),
      );
      for (const batch of inBatches(left, batchUsers)) if (!this.#closed) await this.#driveOrLater(batch);
      await this.#driver.watchUnseen();
    } catch (error) {
      this.#logger.warn('The ledger could not be read; tried again.', { error: codeOf(error) });
    }
  }

  async #driveOrLater(erasures: readonly Erasure[]): Promise<void> {
    try {
      await this.#driver.drive(erasures);
    } catch (error) {
      // One that can never be carried out must not hold up its neighbours.
      if (erasures.length > 1 && !isRetriable(error))
        for (const erasure of erasures) await this.#driveOrLater([erasure]);
      else this.#tryAgainLater(error);
    }
  }

  async #liftHold(userRef: UserRef, reason: string): Promise<boolean> {
    const stood = await this.#holds.lift(userRef, reason);
    const erasure = await this.#parts.store.findByUser(userRef);
    if (erasure?.state === 'held') await this.#driver.drive([erasure]);
    return stood;
  }

  async #extend(erasureId: string, reason: string): Promise<Erasure> {
    const now = Math.floor(this.#parts.clock.now());
    const { extended, law } = this.#policy;
    const open: readonly ErasureState[] = ['requested', 'held', 'forgotten'];
    const { state } = await this.#ledger.standing(erasureId);
    if (state === 'erased') throw notExtendable('it is done');
    return this.#ledger.move(erasureId, open, ({ extension, requestedAt, deadline }) => {
      if (extended === null) throw notExtendable(`${law} knows no extension`);
      if (extension !== null) throw notExtendable('it was extended already');
      if (now >= deadline) throw notExtendable('its deadline has passed');
      return { extension: { at: now, reason }, deadline: this.#calendar.endOf(extended, requestedAt) };
    });
  }

  async #withdraw(userRef: UserRef, purpose: string): Promise<Fence> {
    const { clock } = this.#parts;
    await this.#assertKnown(userRef);
    const fence = await this.#consents.withdraw(userRef, purpose);
    const { purpose: tag, generation } = fence;
    const id = `withdrawn:${userRef}:${tag}.${generation}`;
    this.#driver.nudge({ id, userRef, fencedAt: clock.now(), isLocal: true });
    return fence;
  }

  async #assertKnown(userRef: UserRef): Promise<void> {
    const { keyring } = this.#parts;
    if (keyring.state(userRef) === 'unknown') await keyring.catchUp([userRef]);
    if (keyring.state(userRef) === 'unknown') throw unknownUser();
  }

  async #compareHalves(): Promise<LedgerHalves | null> {
    const { store, mirror, acknowledgements } = this.#parts;
    if (mirror === undefined) return null;
    // Who was asked, and what they answered, is in the database alone. What is not *erased* yet is driven on by `resume`, and asked about then.
    const halves = await compareHalves(store, mirror, async (restored) =>
      acknowledgements?.about(restored.filter(({ state }) => state === 'erased')),
    );
    const { older, ...counts } = halves;
    if (older !== 'neither')
      this.#logger.error(
        `The ledger of erasures was not whole (${older}): what one half lacked was taken from the other.`,
        counts,
      );
    return halves;
  }

  async #checkLedger(): Promise<LedgerCheck> {
    const halves = await this.#compareHalves();
    const { keyring, store, log, clock } = this.#parts;
    const onForgottenAgain = ({ userRef }: Fence): void =>
      this.#driver.nudge({ id: `returned:${userRef}`, userRef, fencedAt: clock.now(), isLocal: true });
    const users = await checkLedger({ keyring, store, onForgottenAgain });
    // Only now: who is forgotten again is not restricted again.
    const restrictions = await checkRestrictions({ keyring, log, logger: this.#logger });
    const check = { ...users, halves, restrictions };
    this.#lastCheck = check;
    const { returned, forgottenAgain, unresolved } = check;
    if (returned > 0) {
      this.#logger.error(
        `${returned} forgotten users came back: the key topic was restored from a copy of before. They are forgotten again.`,
        { returned, forgottenAgain, unresolved },
      );
    }
    return check;
  }

  #tryAgainLater(error: unknown): void {
    this.#logger.warn(
      'An erasure could not be carried out yet; it stands in the ledger and is tried again.',
      {
        error: codeOf(error),
      },
    );
    if (this.#retry || this.#closed) return;
    const pauseMs = Math.min(longestRetryMs, 500 * 2 ** Math.min(this.#retries++, 10));
    this.#retry = this.#parts.clock.schedule(pauseMs, () => {
      this.#retry = null;
      void this.#own(this.#retryAll());
    });
  }

  async #retryAll(): Promise<void> {
    try {
      await this.#resume();
      if (this.#retry === null) this.#retries = 0;
    } catch (error) {
      this.#tryAgainLater(error);
    }
  }

  /** `close` waits for it. */
  async #own<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new PrivacyError(
        'FORGETTING_CLOSED',
        'The forgetting service was closed. Do not use it any more.',
      );
  }
}

function notOpened(topic: string): never {
  throw new TypeError(`an erasure in topic ${topic} needs the option openTopic`);
}

function unknownUser(): PrivacyError {
  return new PrivacyError('USER_UNKNOWN', 'This user never had a key, so nothing is stored. Check the id.');
}

function notExtendable(why: string): PrivacyError {
  return new PrivacyError(
    'DEADLINE_NOT_EXTENDABLE',
    `The deadline of this erasure cannot be extended: ${why}.`,
  );
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
