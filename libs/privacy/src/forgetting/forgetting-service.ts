import type { Fence, UserRef } from '@oubliette/keyring';
import { readPolicy } from '../deadlines/deadline-policy.js';
import { DeadlineWatch, standingOf } from '../deadlines/deadline-watch.js';
import { inOrderOfDue } from '../deadlines/due-order.js';
import { LegalCalendar } from '../deadlines/legal-calendar.js';
import { PrivacyError } from '../errors.js';
import { checkReason } from '../log/privacy-log.js';
import { silentLogger, type Logger } from '../logger.js';
import { MirroredErasureStore } from '../mirror/mirrored-erasure-store.js';
import type { BlockedTopic } from '../nudger/blockage.js';
import { Leadership } from '../nudger/leadership.js';
import type { Erasure, Hold } from '../ports.js';
import type { ErasedTopic } from '../ways/erasure-way.js';
import { checkAll } from './check-all.js';
import { Consents } from './consents.js';
import { ErasureDriver } from './erasure-driver.js';
import { Extensions } from './extensions.js';
import type { ForgettingOptions } from './forgetting-options.js';
import { Holds } from './holds.js';
import { inBatches, usersTogether } from './in-batches.js';
import type { LedgerCheck } from './ledger-check.js';
import { Ledger } from './ledger.js';
import { PendingErasures } from './pending-erasures.js';
import { pendingPages } from './pending-pages.js';
import { randomUuid } from './random-uuid.js';
import { UnderWay } from './under-way.js';

/**
 * Forgets users and sees it through: requested → forgotten (fence and tombstones durable, caches evicted) → erased
 * (whole reads of the replicas show no key record with a value, file.delete.delay.ms has passed, and no file that can be read has any).
 * The ledger comes first, so that a crash between two steps loses none: `resume` drives on what is pending.
 */
export class ForgettingService {
  readonly #parts: ForgettingOptions;
  readonly #logger: Logger;
  readonly #ledger: Ledger;
  readonly #holds: Holds;
  readonly #consents: Consents;
  readonly #driver: ErasureDriver;
  readonly #leadership: Leadership | null;
  /** How requests stand to their deadlines, once `resume` was called. */
  readonly deadlines: DeadlineWatch;
  readonly #pending: PendingErasures;
  readonly #extensions: Extensions;
  readonly #underWay = new UnderWay();
  #lastCheck: LedgerCheck | null = null;
  /** undefined: it was never read. */
  #lastBoundMs: number | null | undefined = undefined;
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
    const law = { policy: readPolicy(policy), calendar: new LegalCalendar(calendar) };
    this.#ledger = new Ledger({ ...options, ...law });
    this.#extensions = new Extensions({ ...options, ...law, ledger: this.#ledger });
    this.#holds = new Holds(options);
    this.#consents = new Consents(options);
    const [ledger, holds, logger] = [this.#ledger, this.#holds, this.#logger];
    this.#leadership = this.#lead(options);
    const leads = (): boolean => this.#leadership?.leads ?? true;
    const { openTopic = notOpened } = options;
    this.#driver = new ErasureDriver({ ...options, openTopic, ledger, holds, logger, leads });
    this.#pending = new PendingErasures({ ...options, driver: this.#driver, logger });
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
    return this.#own(this.#assertKnown(userRef).then(() => this.#liftHold(userRef, reason, userId)));
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
    return this.#own(this.#extensions.extend(erasureId, reason));
  }

  /** How an erasure stands to its deadline. */
  async standing(erasure: Erasure): Promise<ReturnType<typeof standingOf>> {
    // Once forgotten it has its own bound: brokers that are away hold up no answer.
    const boundMs = erasure.forgottenAt === null ? await this.#boundMs() : erasure.boundMs;
    return standingOf(erasure, boundMs, this.#parts.clock.now());
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

  /**
   * Of those that are not *erased* at most `limit` (1 or more): overdue ones first, then endangered ones, then by deadline. With `withinMs` only these and those
   * whose deadline is at most so far away.
   */
  async due(limit: number, withinMs?: number): Promise<Erasure[]> {
    const boundMs = await this.#driver.boundMs();
    const now = this.#parts.clock.now();
    const question = { boundMs, now, ...(withinMs === undefined ? {} : { withinMs }) };
    let first: Erasure[] = [];
    for await (const page of pendingPages(this.#parts.store))
      first = inOrderOfDue([...first, ...page], question).slice(0, limit);
    return first;
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
    await this.#own(this.#pending.resume());
    // Ahead of the first request. A failure shows when a request asks for it again.
    await this.#own(this.#boundMs().catch(() => null));
    await this.#own(this.deadlines.start());
  }

  /** Ends all work under way; what is pending stays in the ledger for `resume`. */
  async close(): Promise<void> {
    this.#closed = true;
    const pending = this.#pending.close();
    await this.deadlines.close();
    await Promise.all([pending, this.#underWay.settled()]);
    await this.#driver.close();
    await this.#leadership?.close();
  }

  async #requestMany(userRefs: readonly UserRef[]): Promise<(Erasure | null)[]> {
    const { keyring } = this.#parts;
    // Another process may have made a user's key a moment ago, or begun a lifecycle that the erasure in the ledger knows nothing of.
    for (const batch of inBatches([...new Set(userRefs)], usersTogether)) await keyring.catchUp(batch);
    const known = [...new Set(userRefs)].filter((userRef) => keyring.state(userRef) !== 'unknown');
    const erasures = new Map<UserRef, Erasure>();
    for (const batch of inBatches(known, usersTogether)) {
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
      this.#pending.tryAgainLater(error);
      throw error;
    }
  }

  /** As it was, while it cannot be read. */
  async #boundMs(): Promise<number | null> {
    try {
      this.#lastBoundMs = await this.#driver.boundMs();
    } catch (error) {
      if (this.#lastBoundMs === undefined) throw error;
    }
    return this.#lastBoundMs;
  }

  #lead({ leases, entropy, clock }: ForgettingOptions): Leadership | null {
    if (leases === undefined) return null;
    return new Leadership({
      leases,
      holder: randomUuid(entropy),
      clock,
      logger: this.#logger,
      onLead: () => this.#own(this.#pending.adopt()),
      onLost: () => this.#driver.release(),
    });
  }

  async #liftHold(userRef: UserRef, reason: string, userId: string): Promise<boolean> {
    const stood = await this.#holds.lift(userRef, reason, userId);
    const erasure = await this.#parts.store.findByUser(userRef);
    if (erasure?.state === 'held') await this.#driver.drive([erasure]);
    return stood;
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

  async #checkLedger(): Promise<LedgerCheck> {
    const { clock } = this.#parts;
    const onForgottenAgain = ({ userRef }: Fence): void =>
      this.#driver.nudge({ id: `returned:${userRef}`, userRef, fencedAt: clock.now(), isLocal: true });
    const check = await checkAll({ ...this.#parts, logger: this.#logger, onForgottenAgain });
    this.#lastCheck = check;
    return check;
  }

  /** `close` waits for it. */
  #own<T>(work: Promise<T>): Promise<T> {
    return this.#underWay.own(work);
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
