import type { ReplicaState } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { LogWindow } from '../ports.js';
import type { ReplicaPass, UnseenReason, UnseenReplica } from '../verification/erasure-evidence.js';
import type { Look, Remains } from './remains.js';

export interface RoundQuestion {
  readonly partition: number;
  /** Those to be read, each once. */
  readonly replicas: readonly ReplicaState[];
  readonly userRefs: ReadonlySet<UserRef>;
  readonly look: Look;
  readonly window: Pick<LogWindow, 'end' | 'readReplica'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Reading {
  readonly pass: ReplicaPass;
  readonly isLeader: boolean;
  /** It has not all that was acknowledged when the round began. */
  readonly isBehind: boolean;
  readonly isInSync: boolean;
  readonly remains: ReadonlyMap<UserRef, Remains>;
}

/** What a round shows of one user. */
export interface Finding {
  /** Records with a value: the most that any replica has. */
  readonly values: number;
  /** The brokers that have any. */
  readonly brokers: readonly number[];
  /** Keys at the leader without a tombstone. */
  readonly unburied: readonly string[];
  /** Whole reads that showed none, of replicas that are not behind. */
  readonly passes: readonly ReplicaPass[];
  readonly unseen: readonly UnseenReplica[];
  /** A replica in sync has not told yet that it knows everything: it will within a moment. */
  readonly isSettling: boolean;
}

/** One read of each replica, the leader first, for all users asked about. */
export class ReplicaRound {
  readonly #readings: Reading[] = [];
  readonly #unseen = new Map<number, UnseenReason>();

  private constructor() {}

  /**
   * Rejects where the leader cannot be read; another replica that cannot be is unseen. When every user was found to have something
   * left, the replicas that follow are not read: the round shows nothing to anybody's credit then.
   */
  static async read(question: RoundQuestion): Promise<ReplicaRound> {
    const { replicas, userRefs, window, partition, signal } = question;
    const round = new ReplicaRound();
    const end = await window.end(partition);
    const clean = new Set(userRefs);
    for (const replica of [...replicas].sort((a, b) => Number(b.isLeader) - Number(a.isLeader))) {
      if (clean.size === 0) break;
      if (!replica.isLive) {
        round.#unseen.set(replica.broker, 'down');
        continue;
      }
      try {
        const reading = await read(question, replica, end);
        round.#readings.push(reading);
        if (isOutOfSync(reading)) continue;
        for (const [userRef, { values }] of reading.remains) if (values > 0) clean.delete(userRef);
      } catch (error) {
        signal.throwIfAborted();
        if (replica.isLeader) throw error;
        round.#unseen.set(replica.broker, 'unreadable');
      }
    }
    return round;
  }

  /** Null `among`: all replicas that were read. */
  of(userRef: UserRef, among: ReadonlySet<number> | null): Finding {
    const concerns = (broker: number): boolean => among === null || among.has(broker);
    const unseen: UnseenReplica[] = [];
    for (const [replica, why] of this.#unseen) if (concerns(replica)) unseen.push({ replica, why });
    const passes: ReplicaPass[] = [];
    const brokers: number[] = [];
    let values = 0;
    let unburied: readonly string[] = [];
    let isSettling = false;
    for (const reading of this.#readings) {
      const { pass, isLeader, isBehind, remains } = reading;
      const found = remains.get(userRef);
      if (!concerns(pass.replica) || found === undefined) continue;
      if (isLeader) unburied = found.unburied;
      // What it has not got yet it cannot have cleaned.
      if (isOutOfSync(reading)) unseen.push({ replica: pass.replica, why: 'out of sync' });
      else if (found.values > 0) {
        values = Math.max(values, found.values);
        brokers.push(pass.replica);
      } else if (isBehind) isSettling = true;
      else passes.push(pass);
    }
    return { values, brokers, unburied, passes, unseen, isSettling };
  }
}

function isOutOfSync({ isBehind, isInSync }: Reading): boolean {
  return isBehind && !isInSync;
}

async function read(question: RoundQuestion, replica: ReplicaState, end: bigint): Promise<Reading> {
  const { partition, look, window, clock, signal } = question;
  const { broker, isLeader, isInSync } = replica;
  const at = Math.floor(clock.now());
  const { logStart, highWatermark, records } = await window.readReplica(partition, broker);
  const found = await look(records, signal);
  return {
    pass: {
      at,
      replica: broker,
      logStart: `${logStart}`,
      highWatermark: `${highWatermark}`,
      records: found.records,
    },
    isLeader,
    isInSync,
    isBehind: highWatermark < end,
    remains: found.remains,
  };
}
