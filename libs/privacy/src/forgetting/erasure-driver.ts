import type { Keyring, UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import type { Logger } from '../logger.js';
import type { BlockedPartition } from '../nudger/blockage.js';
import { Nudger } from '../nudger/nudger.js';
import type { NudgeJob } from '../nudger/nudge-job.js';
import type { Erasure, ErasureState, ErasureStore, Hold, KeyTopicWindow } from '../ports.js';
import type { Acknowledgements } from '../processors/acknowledgements.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import { Certifier } from './certifier.js';
import { erasureBoundMs } from './erasure-bound.js';
import type { Holds } from './holds.js';
import type { Ledger } from './ledger.js';

export interface DriverParts {
  readonly keyring: Keyring;
  readonly store: Pick<ErasureStore, 'unseen'>;
  readonly ledger: Ledger;
  readonly holds: Holds;
  readonly window: KeyTopicWindow;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly certificates?: CertificateRegister;
  readonly patienceMs?: number;
  /** False: another instance finds in the ledger what is to be nudged out of the log. */
  readonly leads: () => boolean;
  readonly acknowledgements?: Pick<Acknowledgements, 'about'>;
}

const notForgotten: readonly ErasureState[] = ['requested', 'held'];
/** Brokers that never come back must not fill memory. */
const mostWatched = 20_000;
const boundIsFreshForMs = 60_000;

/** Takes erasures of the ledger from state to state: what stands in the key topic comes first, then the ledger says so. */
export class ErasureDriver {
  readonly #parts: DriverParts;
  readonly #nudger: Nudger;
  #bound: { readonly ms: Promise<number | null>; readonly readAt: number } | null = null;
  readonly #certifier: Certifier | null;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    const { certificates } = parts;
    this.#certifier = certificates === undefined ? null : new Certifier({ ...parts, certificates });
    this.#nudger = new Nudger({
      ...parts,
      listener: {
        standing: (id, values) =>
          this.#note(id, 'forgotten', `${values} key record${values === 1 ? '' : 's'} left`),
        blocked: (id, { message }) => this.#note(id, 'forgotten', `blocked: ${message}`),
        gone: (id, evidence) => this.#finish(id, evidence),
        seen: (id, evidence) => this.#seen(id, evidence),
      },
    });
  }

  /** Has key records nudged out of the log, of whatever reason. */
  nudge(job: NudgeJob): void {
    this.#nudger.add(job);
  }

  /** Leaves to another instance what it finds in the ledger. */
  release(): void {
    this.#nudger.release();
  }

  /** The partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedPartition[] {
    return this.#nudger.blocked;
  }

  /** Goes on watching for replicas that erasures name as unseen. */
  async watchUnseen(): Promise<void> {
    const { store, clock, leads } = this.#parts;
    if (!leads()) return;
    for (const { erasureId: id, userRef, forgottenAt, evidence } of await store.unseen(mostWatched))
      if (evidence !== null)
        this.nudge({ id, userRef, fencedAt: forgottenAt ?? clock.now(), erased: evidence });
  }

  /** What is pending stays in the ledger. */
  async close(): Promise<void> {
    await this.#nudger.close();
    await this.#certifier?.close();
  }

  /** Takes erasures as far as they go at once: to *held*, or to *forgotten* and into the nudger's hands. */
  async drive(erasures: readonly Erasure[]): Promise<readonly Erasure[]> {
    const open = erasures.filter(({ state }) => notForgotten.includes(state));
    const holds = await this.#parts.holds.among(open.map(({ userRef }) => userRef));
    const held = open.filter(({ userRef, state }) => state === 'requested' && holds.has(userRef));
    const moved = new Map<string, Erasure>();
    for (const erasure of await this.#wait(held, holds)) moved.set(erasure.erasureId, erasure);
    const free = open.filter(({ userRef }) => !holds.has(userRef));
    for (const erasure of await this.#forget(free)) moved.set(erasure.erasureId, erasure);
    const current = erasures.map((erasure) => moved.get(erasure.erasureId) ?? erasure);
    const forgotten = current.filter(({ state }) => state === 'forgotten');
    // First: what is erased is not looked at again after a crash.
    await this.#parts.acknowledgements?.about(forgotten);
    for (const { erasureId: id, userRef, forgottenAt } of forgotten) {
      if (this.#parts.leads()) this.nudge({ id, userRef, fencedAt: forgottenAt ?? this.#parts.clock.now() });
    }
    return current;
  }

  async #wait(held: readonly Erasure[], holds: ReadonlyMap<UserRef, Hold>): Promise<readonly Erasure[]> {
    if (held.length === 0) return [];
    return this.#parts.ledger.moveAll(held, ['requested'], ({ userRef }) => {
      const hold = holds.get(userRef) ?? null;
      return { state: 'held', hold, note: `held: ${hold?.reason ?? 'for a reason that was lifted'}` };
    });
  }

  async #forget(free: readonly Erasure[]): Promise<readonly Erasure[]> {
    if (free.length === 0) return [];
    const [fences, boundMs] = await bothSettled(
      this.#parts.keyring.forgetMany(free.map(({ userRef }) => userRef)),
      this.boundMs(),
    );
    const fenceOf = new Map(fences.map((fence) => [fence.userRef, fence]));
    const note = boundMs === null ? 'no bound: see `oubliette guard check`' : null;
    const now = Math.floor(this.#parts.clock.now());
    return this.#parts.ledger.moveAll(free, notForgotten, ({ userRef, hold }) => {
      const fence = fenceOf.get(userRef);
      const partition = this.#parts.keyring.partitionOf(userRef);
      const keys = { partition, fingerprints: fence?.fingerprints ?? [] };
      const lifted = hold === null ? null : { ...hold, liftedAt: hold.liftedAt ?? now };
      return { state: 'forgotten', boundMs, forgottenAt: fence?.erasedAt ?? now, keys, hold: lifted, note };
    });
  }

  /** The nudger also erases what landed after its fence, or of one purpose; the ledger has no entry for that. */
  async #note(erasureId: string, state: ErasureState, note: string): Promise<void> {
    if (!(await this.#parts.ledger.has(erasureId))) return;
    await this.#parts.ledger.move(erasureId, [state], () => ({ note }));
  }

  async #finish(erasureId: string, evidence: ErasureEvidence): Promise<void> {
    if (!(await this.#parts.ledger.has(erasureId))) return;
    const erasedAt = Math.floor(this.#parts.clock.now());
    const erased = await this.#parts.ledger.move(erasureId, ['forgotten'], () => ({
      state: 'erased',
      erasedAt,
      note: erasedNote(evidence),
      evidence,
    }));
    this.#certifier?.add(erased);
  }

  /** A replica came back: the erasure is known better, and its certificate says so. */
  async #seen(erasureId: string, evidence: ErasureEvidence): Promise<void> {
    if (!(await this.#parts.ledger.has(erasureId))) return;
    const note = erasedNote(evidence);
    const erased = await this.#parts.ledger.move(erasureId, ['erased'], () => ({ note, evidence }));
    this.#certifier?.add(erased);
  }

  /** Read from the cluster at most once a minute: forgetting must not wait for settings each time. */
  async boundMs(): Promise<number | null> {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (!this.#bound || now - this.#bound.readAt > boundIsFreshForMs)
      this.#bound = { ms: this.#readBound(), readAt: now };
    try {
      return await this.#bound.ms;
    } catch (error) {
      this.#bound = null;
      throw error;
    }
  }

  async #readBound(): Promise<number | null> {
    return erasureBoundMs(await this.#parts.window.settings());
  }
}

function erasedNote({ unseen }: ErasureEvidence): string {
  if (unseen.length === 0) return 'no key record left';
  const named = unseen.map(({ replica, why }) => `${replica} (${why})`).join(', ');
  return `no key record left; not seen: the replica on broker ${named}`;
}

/** The failure of one must not leave the other without an owner. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
