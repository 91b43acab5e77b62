import type { Keyring, UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import type { Logger } from '../logger.js';
import type { BlockedTopic } from '../nudger/blockage.js';
import { Nudger } from '../nudger/nudger.js';
import type { NudgeJob } from '../nudger/nudge-job.js';
import { mostWatched } from '../nudger/watched.js';
import type { Erasure, ErasureState, ErasureStore, Hold, KeyTopicWindow, TopicWindow } from '../ports.js';
import type { Acknowledgements } from '../processors/acknowledgements.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import type { KeyFiles } from '../verification/key-files.js';
import { Certifier } from './certifier.js';
import type { ErasedTopic } from '../ways/erasure-way.js';
import type { PartitionMark, TopicPartitionEvidence } from '../ways/topic-erasure.js';
import { TopicErasers } from '../ways/topic-erasers.js';
import { erasureBoundMs } from './erasure-bound.js';
import type { Holds } from './holds.js';
import { inBatches } from './in-batches.js';
import type { Ledger } from './ledger.js';
import { unseenReplicas } from './unseen-replicas.js';

export interface DriverParts {
  readonly keyring: Keyring;
  readonly store: Pick<ErasureStore, 'unseen' | 'getAll'>;
  readonly ledger: Ledger;
  readonly holds: Holds;
  readonly window: KeyTopicWindow;
  /** Opens a topic of the application; what it gives is closed here. */
  readonly openTopic: (topic: string) => TopicWindow;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly certificates?: CertificateRegister;
  readonly patienceMs?: number;
  readonly files?: KeyFiles;
  /** False: another instance finds in the ledger what is to be nudged out of the log. */
  readonly leads: () => boolean;
  readonly acknowledgements?: Pick<Acknowledgements, 'about'>;
}

const notForgotten: readonly ErasureState[] = ['requested', 'held'];
const markedTogether = 1_000;
const boundIsFreshForMs = 60_000;

/** Takes erasures of the ledger from state to state: what stands in the key topic comes first, then the ledger says so. */
export class ErasureDriver {
  readonly #parts: DriverParts;
  readonly #nudger: Nudger;
  readonly #erasers: TopicErasers;
  #topics: readonly ErasedTopic[] = [];
  /** Those not *erased* that the nudger and the erasers have. */
  readonly #followed = new Set<string>();
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
        // A replica came back: the erasure is known better, and its certificate says so.
        seen: (id, evidence) => this.#finish(id, evidence),
      },
    });
    this.#erasers = new TopicErasers({
      ...parts,
      listener: {
        standing: (id, topic, records) => this.#note(id, 'forgotten', `${left(records)} in topic ${topic}`),
        blocked: (id, topic, { message }) =>
          this.#note(id, 'forgotten', `blocked in topic ${topic}: ${message}`),
        marked: (ids, topic, marks) => this.#marked(ids, topic, marks),
        gone: (id, topic, evidence) => this.#goneFrom(topic, id, evidence),
      },
    });
  }

  /** In these topics the records of whoever is forgotten from now on end too. */
  declare(topics: readonly ErasedTopic[]): void {
    this.#topics = topics;
  }

  /** Has key records nudged out of the log, of whatever reason. */
  nudge(job: NudgeJob): void {
    this.#nudger.add(job);
  }

  /** Leaves to another instance what it finds in the ledger. */
  release(): void {
    this.#followed.clear();
    this.#nudger.release();
    this.#erasers.release();
  }

  /** It is seen through here already. */
  follows({ erasureId }: Pick<Erasure, 'erasureId'>): boolean {
    return this.#followed.has(erasureId);
  }

  /** The partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedTopic[] {
    return [...this.#nudger.blocked.map((one) => ({ ...one, topic: null })), ...this.#erasers.blocked];
  }

  /** Goes on watching for replicas that erasures name as unseen. */
  async watchUnseen(): Promise<void> {
    const { store, clock, leads } = this.#parts;
    if (!leads()) return;
    for (const erasure of await store.unseen(mostWatched)) this.#follow(erasure, clock.now());
  }

  /** What is pending stays in the ledger. */
  async close(): Promise<void> {
    await Promise.all([this.#nudger.close(), this.#erasers.close()]);
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
    if (this.#parts.leads()) for (const erasure of forgotten) this.#follow(erasure, this.#parts.clock.now());
    return current;
  }

  /** Whatever of it is not gone, or not seen everywhere. */
  #follow(erasure: Erasure, now: number): void {
    const { erasureId: id, userRef, lifecycle, forgottenAt, evidence } = erasure;
    const job = { id, userRef, lifecycle, fencedAt: forgottenAt ?? now };
    if (erasure.state === 'forgotten') this.#followed.add(id);
    if (evidence === null) this.nudge(job);
    else if (evidence.unseen.length > 0) this.nudge({ ...job, erased: evidence });
    this.#erasers.add(erasure);
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
    const [fences, bounds] = await bothSettled(
      this.#parts.keyring.forgetMany(free.map(({ userRef }) => userRef)),
      this.#bounds(),
    );
    const boundMs = longest(bounds);
    const topics = this.#topics.map((erased, index) => ({
      ...erased,
      boundMs: bounds[index + 1] ?? null,
      marks: null,
      evidence: null,
    }));
    const fenceOf = new Map(fences.map((fence) => [fence.userRef, fence]));
    const note = boundMs === null ? 'no bound: see `oubliette guard check`' : null;
    const now = Math.floor(this.#parts.clock.now());
    return this.#parts.ledger.moveAll(free, notForgotten, ({ userRef, hold }) => {
      const fence = fenceOf.get(userRef);
      const partition = this.#parts.keyring.partitionOf(userRef);
      const keys = { partition, fingerprints: fence?.fingerprints ?? [] };
      const forgottenAt = fence?.erasedAt ?? now;
      // None stood when the fence was made; a certificate must not say that one did.
      const lifted = hold === null ? null : { ...hold, liftedAt: hold.liftedAt ?? forgottenAt };
      return {
        state: 'forgotten',
        boundMs,
        forgottenAt,
        keys,
        hold: lifted,
        topics,
        note,
      };
    });
  }

  /** The nudger also erases what landed after its fence, or of one purpose; the ledger has no entry for that. */
  async #note(erasureId: string, state: ErasureState, note: string): Promise<void> {
    if (!(await this.#parts.ledger.has(erasureId))) return;
    await this.#parts.ledger.move(erasureId, [state], () => ({ note }));
  }

  async #finish(erasureId: string, evidence: ErasureEvidence): Promise<void> {
    if (!(await this.#parts.ledger.has(erasureId))) return;
    const moved = await this.#parts.ledger.move(erasureId, ['forgotten', 'erased'], (current) =>
      saysMore([evidence], current.evidence && [current.evidence]) ? this.#step(current, { evidence }) : null,
    );
    this.#certify(moved);
  }

  async #marked(ids: readonly string[], topic: string, marks: readonly PartitionMark[]): Promise<void> {
    const { ledger, store } = this.#parts;
    for (const batch of inBatches(ids, markedTogether)) {
      const standing = [...(await store.getAll(batch)).values()];
      await ledger.moveAll(
        standing.filter(({ state }) => state === 'forgotten'),
        ['forgotten'],
        ({ topics }) => ({
          topics: topics.map((one) => (one.topic === topic ? { ...one, marks: one.marks ?? marks } : one)),
        }),
      );
    }
  }

  async #goneFrom(
    topic: string,
    erasureId: string,
    evidence: readonly TopicPartitionEvidence[],
  ): Promise<void> {
    const moved = await this.#parts.ledger.move(erasureId, ['forgotten', 'erased'], (current) => {
      const topics = current.topics.map((one) =>
        one.topic === topic && saysMore(evidence, one.evidence) ? { ...one, evidence } : one,
      );
      const isNews = topics.some((one, index) => one !== current.topics[index]);
      return isNews ? this.#step(current, { topics }) : null;
    });
    this.#certify(moved);
  }

  /** It is *erased* once its keys are gone, and its records from each of its topics. */
  #step(current: Erasure, change: Pick<Erasure, 'evidence'> | Pick<Erasure, 'topics'>): Partial<Erasure> {
    const next = { ...current, ...change };
    const waits = next.topics.filter(({ evidence }) => evidence === null).map(({ topic }) => topic);
    if (next.evidence === null) return change;
    if (waits.length > 0)
      return { ...change, note: `no key record left; waiting for topic ${waits.join(', ')}` };
    const erasedAt = next.erasedAt ?? Math.floor(this.#parts.clock.now());
    return { ...change, state: 'erased', erasedAt, note: erasedNote(next) };
  }

  #certify(erasure: Erasure): void {
    if (erasure.state !== 'erased') return;
    this.#followed.delete(erasure.erasureId);
    this.#certifier?.add(erasure);
  }

  /** The longest from *forgotten* to *erased* that the settings of all topics allow, in ms; null: unbounded. */
  async boundMs(): Promise<number | null> {
    return longest(await this.#bounds());
  }

  /** Of the key topic, then of each topic that was declared. */
  #bounds(): Promise<readonly (number | null)[]> {
    return Promise.all([this.#keyBoundMs(), ...this.#topics.map((topic) => this.#erasers.boundMs(topic))]);
  }

  /** Read from the cluster at most once a minute: forgetting must not wait for settings each time. */
  async #keyBoundMs(): Promise<number | null> {
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

type Seen = readonly Pick<ErasureEvidence, 'unseen'>[];

/** Another instance may have told of it already: what stands is replaced by what names fewer replicas as unseen alone. */
function saysMore(evidence: Seen, standing: Seen | null): boolean {
  const count = (all: Seen): number => all.reduce((sum, { unseen }) => sum + unseen.length, 0);
  return standing === null || count(evidence) < count(standing);
}

function erasedNote(erasure: Erasure): string {
  const gone = erasure.topics.length === 0 ? 'no key record left' : 'no key record and no record left';
  const unseen = new Map(unseenReplicas(erasure).map((one) => [one.replica, one]));
  if (unseen.size === 0) return gone;
  const named = [...unseen.values()].map(({ replica, why }) => `${replica} (${why})`).join(', ');
  return `${gone}; not seen: the replica on broker ${named}`;
}

function left(records: number | null): string {
  if (records === null) return 'records left';
  return `${records} record${records === 1 ? '' : 's'} left`;
}

function longest(bounds: readonly (number | null)[]): number | null {
  return bounds.reduce((most, ms) => (most === null || ms === null ? null : Math.max(most, ms)));
}

/** The failure of one must not leave the other without an owner. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
