import type { Clock } from '@oubliette/runtime';
import { KafkaError, type ErrorName } from '@oubliette/protocol';
import type { Logger } from '../logger.js';
import type { ClassicGroup } from './classic-group.js';
import { metadataFor, type GroupMember } from './group-member.js';
import {
  refusedJoin,
  refusedSync,
  type JoinResult,
  type SyncRequest,
  type SyncResult,
} from './group-messages.js';
import type { GroupRecord } from './group-records.js';
import { subscribedBy } from './offset-expiry.js';

const nothing = new Uint8Array(0);
/** Beyond it the oldest, whose client has mostly gone, is answered. */
const maxAbandoned = 100;

/** The turning of generations: gathering members, handing the roster to the leader, storing and handing out its assignment. */
export class GroupRebalance {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #initialDelayMs: number;
  readonly #append: (groupId: string, records: readonly GroupRecord[]) => Promise<void>;
  /** Syncs that get no answer while the broker runs, oldest first. */
  readonly #abandoned: ((result: SyncResult) => void)[] = [];

  constructor(parts: {
    readonly clock: Clock;
    readonly logger: Logger;
    /** ms the first rebalance of an empty group waits for more members. */
    readonly initialDelayMs: number;
    /** Resolves once the records are durable. */
    readonly append: (groupId: string, records: readonly GroupRecord[]) => Promise<void>;
  }) {
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#initialDelayMs = parts.initialDelayMs;
    this.#append = parts.append;
  }

  /** Somebody came, left or changed: begins a rebalance where one must be, completes the one that now has everybody. */
  membersChanged(group: ClassicGroup, options: { readonly mustRebalance?: boolean } = {}): void {
    if (options.mustRebalance === true && group.isIn('Stable', 'CompletingRebalance', 'Empty')) {
      this.#prepare(group);
    }
    if (group.state === 'PreparingRebalance' && !group.isInitialDelay && group.hasAllJoined)
      this.#completeJoin(group);
  }

  /** Somebody was not heard of in time and is out; nobody waits for more members when all that are left have joined. */
  memberExpired(group: ClassicGroup): void {
    if (group.isIn('Stable', 'CompletingRebalance')) this.membersChanged(group, { mustRebalance: true });
    else this.pendingExpired(group);
  }

  /** The same of somebody who did not come back with the id that was given to it. */
  pendingExpired(group: ClassicGroup): void {
    if (group.state === 'PreparingRebalance' && group.hasAllJoined) this.#completeJoin(group);
  }

  /** The member is heard from: its session starts again. */
  touch(group: ClassicGroup, member: GroupMember, timeoutMs = member.sessionTimeoutMs): void {
    member.session?.cancel();
    member.session = this.#clock.schedule(timeoutMs, () => {
      member.session = null;
      // Who waits is there; but who was never told its id may be gone since long.
      if (!member.isNew && (member.answerJoin !== null || member.answerSync !== null)) return;
      this.#logger.info('a group member was not heard of within its session timeout and is removed', {
        generation: group.generation,
        sessionTimeoutMs: timeoutMs,
      });
      this.take(group, member);
      this.memberExpired(group);
    });
  }

  /** Read back from the log: its members have their sessions to show that they are there; too many of them must join again. */
  resume(group: ClassicGroup, maxMembers: number): void {
    for (const member of group.members.values()) this.touch(group, member);
    if (group.members.size > maxMembers) this.membersChanged(group, { mustRebalance: true });
  }

  /**
   * Takes the member out of the group and answers its join. As on Kafka its sync, which others ended with its membership, is answered no
   * more: its client gives up in its own time. What it means to the others is for `membersChanged`.
   */
  take(group: ClassicGroup, member: GroupMember): void {
    member.session?.cancel();
    member.session = null;
    member.answerJoin?.(refusedJoin('UNKNOWN_MEMBER_ID', ''));
    if (member.answerSync !== null) this.#abandon(member.answerSync);
    member.answerJoin = null;
    member.answerSync = null;
    group.remove(member);
  }

  #abandon(answerSync: (result: SyncResult) => void): void {
    this.#abandoned.push(answerSync);
    if (this.#abandoned.length > maxAbandoned) this.#abandoned.shift()?.(refusedSync('UNKNOWN_MEMBER_ID'));
  }

  #prepare(group: ClassicGroup): void {
    if (group.state === 'CompletingRebalance') this.#dropAssignment(group, 'REBALANCE_IN_PROGRESS');
    group.syncTimer?.cancel();
    group.syncTimer = null;
    group.pendingSync.clear();
    const isFirst = group.state === 'Empty';
    group.changeState('PreparingRebalance', this.#clock.now());
    group.joinTimer?.cancel();
    if (isFirst && this.#initialDelayMs === 0) {
      this.#completeJoin(group);
    } else if (isFirst) {
      group.isInitialDelay = true;
      this.#waitForMore(
        group,
        this.#initialDelayMs,
        Math.max(group.rebalanceTimeoutMs - this.#initialDelayMs, 0),
      );
    } else {
      group.isInitialDelay = false;
      group.joinTimer = this.#clock.schedule(group.rebalanceTimeoutMs, () => this.#completeJoin(group));
    }
  }

  /** Every newcomer prolongs the first rebalance, up to the rebalance timeout (KIP-134). */
  #waitForMore(group: ClassicGroup, delayMs: number, remainingMs: number): void {
    group.joinTimer = this.#clock.schedule(delayMs, () => {
      if (!group.newMemberAdded || remainingMs === 0) {
        this.#completeJoin(group);
        return;
      }
      group.newMemberAdded = false;
      const nextMs = Math.min(this.#initialDelayMs, remainingMs);
      this.#waitForMore(group, nextMs, Math.max(remainingMs - delayMs, 0));
    });
  }

  #completeJoin(group: ClassicGroup): void {
    group.joinTimer?.cancel();
    group.joinTimer = null;
    for (const member of [...group.members.values()]) {
      if (member.answerJoin !== null || member.instanceId !== null) continue;
      member.session?.cancel();
      group.remove(member);
    }
    if (group.members.size > 0 && !group.electJoinedLeader()) {
      // Only static members that have not rejoined are left: they keep their place until their sessions end.
      group.joinTimer = this.#clock.schedule(group.rebalanceTimeoutMs, () => this.#completeJoin(group));
      return;
    }
    this.#nextGeneration(group);
  }

  #nextGeneration(group: ClassicGroup): void {
    group.isInitialDelay = false;
    group.generation += 1;
    if (group.members.size === 0) {
      group.protocolName = null;
      group.subscribed = subscribedBy(group);
      group.changeState('Empty', this.#clock.now());
      this.store(group).catch((error: unknown) => this.#storeFailed(error));
      return;
    }
    group.protocolName = group.selectProtocol();
    group.subscribed = subscribedBy(group);
    group.changeState('CompletingRebalance', this.#clock.now());
    for (const member of group.members.values()) {
      const answer = member.answerJoin;
      member.answerJoin = null;
      member.isNew = false;
      group.pendingSync.add(member.id);
      this.touch(group, member);
      answer?.(this.joined(group, member));
    }
    group.syncTimer = this.#clock.schedule(group.rebalanceTimeoutMs, () => this.#expireSync(group));
  }

  #expireSync(group: ClassicGroup): void {
    group.syncTimer = null;
    const late = [...group.pendingSync];
    if (late.length === 0) return;
    for (const id of late) {
      const member = group.members.get(id);
      if (member === undefined) continue;
      member.session?.cancel();
      group.remove(member);
    }
    this.membersChanged(group, { mustRebalance: true });
  }

  /** What a member of the current generation is answered. */
  joined(group: ClassicGroup, member: GroupMember): JoinResult {
    return {
      error: 'NONE',
      generation: group.generation,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leader: group.leader ?? '',
      skipAssignment: false,
      memberId: member.id,
      members: group.leader === member.id ? group.roster() : [],
    };
  }

  synced(group: ClassicGroup, member: GroupMember): SyncResult {
    return {
      error: 'NONE',
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      assignment: member.assignment,
    };
  }

  /** The leader's assignment: stored first, then handed out, unless the group has moved on meanwhile. */
  assign(group: ClassicGroup, assignments: SyncRequest['assignments']): void {
    const { generation } = group;
    const given = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment.slice()]));
    const stillCurrent = (): boolean =>
      group.state === 'CompletingRebalance' && group.generation === generation;
    this.store(group, given).then(
      () => {
        if (stillCurrent()) this.#handOut(group, given);
      },
      (error: unknown) => {
        const code = this.#storeFailed(error);
        if (!stillCurrent()) return;
        this.#dropAssignment(group, code);
        this.membersChanged(group, { mustRebalance: true });
      },
    );
  }

  #handOut(group: ClassicGroup, given: ReadonlyMap<string, Uint8Array>): void {
    group.changeState('Stable', this.#clock.now());
    for (const member of group.members.values()) {
      member.assignment = given.get(member.id) ?? nothing;
      const answer = member.answerSync;
      member.answerSync = null;
      if (answer === null) continue;
      this.touch(group, member);
      answer(this.synced(group, member));
    }
  }

  #dropAssignment(group: ClassicGroup, error: ErrorName): void {
    for (const member of group.members.values()) {
      member.assignment = nothing;
      const answer = member.answerSync;
      member.answerSync = null;
      if (answer === null) continue;
      this.touch(group, member);
      answer(refusedSync(error));
    }
  }

  /** Stores the generation; `assignments` where they are not the members' yet. */
  store(group: ClassicGroup, assignments?: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const members = [...group.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: metadataFor(member, group.protocolName),
      assignment: assignments === undefined ? member.assignment : (assignments.get(member.id) ?? nothing),
    }));
    const value = {
      protocolType: group.protocolType ?? '',
      generation: group.generation,
      protocol: group.protocolName,
      leader: group.leader,
      stateSince: BigInt(group.stateSince),
      members,
    };
    return this.#append(group.id, [{ kind: 'group', groupId: group.id, value }]);
  }

  #storeFailed(error: unknown): ErrorName {
    const code = error instanceof KafkaError ? error.codeName : 'UNKNOWN_SERVER_ERROR';
    this.#logger.error('the state of a consumer group could not be stored', { code });
    return code;
  }

  /** The broker stops: answers those who are of no group any more. */
  dismissAbandoned(): void {
    for (const answerSync of this.#abandoned.splice(0)) answerSync(refusedSync('NOT_COORDINATOR'));
  }

  /** The broker stops: answers everybody who waits. */
  dismiss(group: ClassicGroup): void {
    for (const member of group.members.values()) {
      member.answerJoin?.(refusedJoin('NOT_COORDINATOR', member.id));
      member.answerSync?.(refusedSync('NOT_COORDINATOR'));
      member.answerJoin = null;
      member.answerSync = null;
    }
  }
}
