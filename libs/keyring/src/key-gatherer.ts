import type { KeyringError } from './errors.js';
import { MAX_BATCH_RECORDS } from './key-log-writer.js';
import type { UserRef } from './keyring.js';

/** What could not be done for some of many users. */
export type Refusals = ReadonlyMap<UserRef, KeyringError>;

export type WorkOnUsers = (users: ReadonlySet<UserRef>) => Promise<Refusals>;

/** Full rounds of one queue that are under way at a time: enough to hide the way to the log, and a bound on what is in flight. */
const mostUnderway = 8;

/**
 * Gathers what calls at about the same time want for users of one queue (a partition and a purpose), so that many calls share one append.
 * A round that is full goes at once, one that is not when none was under way: who is alone waits for nobody. What waits is
 * what its callers wait for, and costs a call no more than its place in a set.
 */
export class KeyGatherer {
  readonly #queues = new Map<string, Queue>();

  /**
   * Resolves when the round of each of these users is over; a round that fails fails all who are in it. `queueOf`: one of a bounded number
   * of names. `work` is done with the users of a round, all of one queue.
   */
  join(
    users: Iterable<UserRef>,
    queueOf: (userRef: UserRef) => string,
    work: WorkOnUsers,
  ): Promise<Refusals> {
    const rounds = new Set<Promise<Refusals>>();
    let last = nobodyRefused;
    for (const userRef of users) {
      last = this.#queue(queueOf(userRef), work).join(userRef);
      rounds.add(last);
    }
    return rounds.size > 1 ? allOf(rounds) : last;
  }

  #queue(name: string, work: WorkOnUsers): Queue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue(work);
    this.#queues.set(name, queue);
    return queue;
  }
}

class Queue {
  readonly #work: WorkOnUsers;
  /** In order; all but the last are full. */
  readonly #waiting: Round[] = [];
  #underway = 0;

  constructor(work: WorkOnUsers) {
    this.#work = work;
  }

  join(userRef: UserRef): Promise<Refusals> {
    let round = this.#waiting.at(-1);
    if (round === undefined || round.isFull) {
      round = new Round();
      this.#waiting.push(round);
      // After all calls that are made in this turn.
      queueMicrotask(() => this.#depart());
    }
    round.users.add(userRef);
    return round.outcome;
  }

  #depart(): void {
    const isIdle = this.#underway === 0;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#underway >= mostUnderway || !(next.isFull || isIdle)) return;
      this.#waiting.shift();
      this.#underway++;
      void next.settle(this.#work).then(() => {
        this.#underway--;
        this.#depart();
      });
    }
  }
}

/** Users whose keys are seen to together. */
class Round {
  readonly users = new Set<UserRef>();
  readonly outcome: Promise<Refusals>;
  #resolve!: (refusals: Refusals) => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isFull(): boolean {
    return this.users.size >= MAX_BATCH_RECORDS;
  }

  /** Never rejects: who waits for the outcome is told. */
  async settle(work: WorkOnUsers): Promise<void> {
    try {
      this.#resolve(await work(this.users));
    } catch (error) {
      this.#reject(error);
    }
  }
}

export const nobodyRefused: Promise<Refusals> = Promise.resolve(new Map());

async function allOf(rounds: Iterable<Promise<Refusals>>): Promise<Refusals> {
  const all = await Promise.all(rounds);
  return new Map(all.flatMap((refusals) => [...refusals]));
}
