import { KafkaError, type ErrorName } from '@oubliette/protocol';
import type { Clock, Entropy } from '@oubliette/runtime';
import { randomMemberSuffix } from '../topics/uuid.js';
import type { ClassicGroup } from './classic-group.js';
import { offersSame, newMember, type GroupMember } from './group-member.js';
import {
  refusedJoin,
  refusedSync,
  type ClientIdentity,
  type JoinRequest,
  type JoinResult,
  type LeavingMember,
  type MemberRequest,
  type SyncRequest,
  type SyncResult,
} from './group-messages.js';
import type { GroupRebalance } from './group-rebalance.js';
import { findMember, requireMember } from './member-fencing.js';

/** How long a new member's join may wait, in ms: its client has no id to be heard of by (classicGroupNewMemberJoinTimeoutMs). */
const newMemberJoinTimeoutMs = 5 * 60_000;

/** Bounds that the broker's settings give. Times in ms. */
export interface MembershipLimits {
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxMembers: number;
}

/**
 * Joining, syncing, heartbeating and leaving a classic group, by the rules of Kafka's GroupMetadataManager (classicGroupJoin…).
 * Membership lives in memory; a generation is stored when its assignment is known, and read back at start.
 */
export class GroupMembership {
  readonly #rebalance: GroupRebalance;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #limits: MembershipLimits;

  constructor(rebalance: GroupRebalance, clock: Clock, entropy: Entropy, limits: MembershipLimits) {
    this.#rebalance = rebalance;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#limits = limits;
  }

  /** Why the request cannot be served whatever the group, or null. */
  refuse(request: JoinRequest): ErrorName | null {
    if (request.groupId === '') return 'INVALID_GROUP_ID';
    const { sessionTimeoutMs } = request;
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#limits;
    return sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs
      ? 'INVALID_SESSION_TIMEOUT'
      : null;
  }

  join(group: ClassicGroup, request: JoinRequest, client: ClientIdentity): Promise<JoinResult> {
    const refused = (error: ErrorName): Promise<JoinResult> =>
      Promise.resolve(refusedJoin(error, request.memberId));
    if (group.state === 'Dead') return refused('COORDINATOR_NOT_AVAILABLE');
    if (!this.#hasRoom(group, request)) {
      this.#forget(group, request.memberId);
      return Promise.resolve(refusedJoin('GROUP_MAX_SIZE_REACHED', ''));
    }
    if (!group.supports(request.protocolType, request.protocols))
      return refused('INCONSISTENT_GROUP_PROTOCOL');
    if (request.memberId === '') return this.#joinWithoutId(group, request, client);
    const pending = group.pendingMembers.get(request.memberId);
    if (pending !== undefined) {
      // A pending member is never a static one: Kafka fails on this, and says so.
      if (request.instanceId !== null) return Promise.resolve(refusedJoin('UNKNOWN_SERVER_ERROR', ''));
      pending.cancel();
      group.pendingMembers.delete(request.memberId);
      return this.#addAndRebalance(group, request.memberId, request, client);
    }
    return this.#rejoin(group, request);
  }

  /** GroupMetadataManager.acceptJoiningMember. While members gather, those that have joined count, so that the last are left out. */
  #hasRoom(group: ClassicGroup, request: JoinRequest): boolean {
    const { maxMembers } = this.#limits;
    const member = group.members.get(request.memberId);
    switch (group.state) {
      case 'Empty':
      case 'Dead':
        return true;
      case 'PreparingRebalance': {
        const joined = [...group.members.values()].filter(({ answerJoin }) => answerJoin !== null);
        return (member !== undefined && member.answerJoin !== null) || joined.length < maxMembers;
      }
      default:
        return member !== undefined || group.members.size < maxMembers;
    }
  }

  /** A member that finds no room is out of the group; the others' rebalance goes on as it was. */
  #forget(group: ClassicGroup, memberId: string): void {
    group.pendingMembers.get(memberId)?.cancel();
    group.pendingMembers.delete(memberId);
    const member = group.members.get(memberId);
    if (member === undefined) return;
    member.session?.cancel();
    group.remove(member);
  }

  #joinWithoutId(group: ClassicGroup, request: JoinRequest, client: ClientIdentity): Promise<JoinResult> {
    const id = `${request.instanceId ?? client.clientId}-${randomMemberSuffix(this.#entropy)}`;
    if (request.instanceId !== null) {
      const known = group.memberIdOf(request.instanceId);
      const member = known === undefined ? undefined : group.members.get(known);
      if (member !== undefined) return this.#replaceStatic(group, member, id, request);
      return this.#addAndRebalance(group, id, request, client);
    }
    if (!request.requireKnownMemberId) return this.#addAndRebalance(group, id, request, client);
    const forget = this.#clock.schedule(request.sessionTimeoutMs, () => {
      group.pendingMembers.delete(id);
      this.#rebalance.pendingExpired(group);
    });
    group.pendingMembers.set(id, forget);
    return Promise.resolve(refusedJoin('MEMBER_ID_REQUIRED', id));
  }

  #addAndRebalance(
    group: ClassicGroup,
    id: string,
    request: JoinRequest,
    client: ClientIdentity,
  ): Promise<JoinResult> {
    const member = newMember(id, request, client);
    if (group.members.size === 0) group.protocolType = request.protocolType;
    group.add(member);
    if (group.isInitialDelay) group.newMemberAdded = true;
    const result = this.#awaitJoin(member);
    this.#rebalance.touch(group, member, newMemberJoinTimeoutMs);
    this.#rebalance.membersChanged(group, { mustRebalance: true });
    return result;
  }

  /** A static member is back with a new id: if nothing changes for the others, they never notice (KIP-345). */
  #replaceStatic(
    group: ClassicGroup,
    member: GroupMember,
    id: string,
    request: JoinRequest,
  ): Promise<JoinResult> {
    const oldId = member.id;
    const oldLeader = group.leader ?? '';
    member.answerJoin?.(refusedJoin('FENCED_INSTANCE_ID', oldId));
    member.answerSync?.(refusedSync('FENCED_INSTANCE_ID'));
    member.answerJoin = null;
    member.answerSync = null;
    group.rename(member, id);
    member.isNew = false;
    // Until it is heard of again, the session it had counts.
    this.#rebalance.touch(group, member);
    this.#update(member, request);
    if (group.state !== 'Stable' || group.selectProtocol() !== group.protocolName) {
      const result = this.#awaitJoin(member);
      this.#rebalance.membersChanged(group, {
        mustRebalance: group.isIn('Stable', 'CompletingRebalance', 'Empty'),
      });
      return result;
    }
    const isLeader = group.leader === id;
    const skips = request.supportsSkippingAssignment;
    return this.#rebalance.store(group).then(() => ({
      ...this.#rebalance.joined(group, member),
      leader: skips ? (group.leader ?? '') : oldLeader,
      skipAssignment: skips && isLeader,
      members: skips && isLeader ? group.roster() : [],
    }));
  }

  #rejoin(group: ClassicGroup, request: JoinRequest): Promise<JoinResult> {
    const member = findMember(group, request);
    if (typeof member === 'string') return Promise.resolve(refusedJoin(member, request.memberId));
    const unchanged = offersSame(member, request.protocols);
    const isLeader = group.leader === member.id;
    switch (group.state) {
      case 'CompletingRebalance':
        if (unchanged) return Promise.resolve(this.#rebalance.joined(group, member));
        return this.#updateAndRebalance(group, member, request);
      case 'Stable':
        // A leader rejoins to say that the topics changed; a follower that lost its answer gets it again.
        if (unchanged && !isLeader) return Promise.resolve(this.#rebalance.joined(group, member));
        return this.#updateAndRebalance(group, member, request);
      case 'PreparingRebalance':
        return this.#updateAndRebalance(group, member, request);
      default:
        return Promise.resolve(refusedJoin('UNKNOWN_MEMBER_ID', request.memberId));
    }
  }

  #updateAndRebalance(group: ClassicGroup, member: GroupMember, request: JoinRequest): Promise<JoinResult> {
    this.#update(member, request);
    const result = this.#awaitJoin(member);
    this.#rebalance.membersChanged(group, { mustRebalance: group.isIn('Stable', 'CompletingRebalance') });
    return result;
  }

  #update(member: GroupMember, request: JoinRequest): void {
    member.protocols = request.protocols;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    member.sessionTimeoutMs = request.sessionTimeoutMs;
  }

  #awaitJoin(member: GroupMember): Promise<JoinResult> {
    member.answerJoin?.(refusedJoin('UNKNOWN_MEMBER_ID', member.id));
    return new Promise((resolve) => {
      member.answerJoin = resolve;
    });
  }

  sync(group: ClassicGroup, request: SyncRequest): Promise<SyncResult> {
    const member = findMember(group, request);
    if (typeof member === 'string') return Promise.resolve(refusedSync(member));
    const refused = this.#refuseSync(group, request);
    if (refused !== null) return Promise.resolve(refusedSync(refused));
    group.pendingSync.delete(member.id);
    if (group.state === 'Stable') return Promise.resolve(this.#rebalance.synced(group, member));
    member.answerSync?.(refusedSync('UNKNOWN_MEMBER_ID'));
    const result = new Promise<SyncResult>((resolve) => {
      member.answerSync = resolve;
    });
    if (group.leader === member.id) this.#rebalance.assign(group, request.assignments);
    return result;
  }

  #refuseSync(group: ClassicGroup, request: SyncRequest): ErrorName | null {
    if (group.state === 'Empty' || group.state === 'Dead') return 'UNKNOWN_MEMBER_ID';
    if (request.generation !== group.generation) return 'ILLEGAL_GENERATION';
    const { protocolType, protocolName } = request;
    if (protocolType !== null && protocolType !== group.protocolType) return 'INCONSISTENT_GROUP_PROTOCOL';
    if (protocolName !== null && protocolName !== group.protocolName) return 'INCONSISTENT_GROUP_PROTOCOL';
    return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : null;
  }

  /** Throws KafkaError when the member is not of the group's generation, or must rejoin. */
  heartbeat(group: ClassicGroup, request: MemberRequest): void {
    const member = requireMember(group, request);
    if (group.isIn('Empty', 'Dead')) throw new KafkaError('UNKNOWN_MEMBER_ID');
    if (request.generation !== group.generation) throw new KafkaError('ILLEGAL_GENERATION');
    this.#rebalance.touch(group, member);
    if (group.state === 'PreparingRebalance') throw new KafkaError('REBALANCE_IN_PROGRESS');
  }

  /** Takes them out, then looks once what that means to the others; gives each one's error. */
  leave(group: ClassicGroup, leaving: readonly LeavingMember[]): readonly ErrorName[] {
    const errors = leaving.map((member) => this.#leaveOne(group, member));
    if (errors.includes('NONE')) {
      this.#rebalance.membersChanged(group, { mustRebalance: group.isIn('Stable', 'CompletingRebalance') });
    }
    return errors;
  }

  #leaveOne(group: ClassicGroup, leaving: LeavingMember): ErrorName {
    const pending = group.pendingMembers.get(leaving.memberId);
    if (pending !== undefined) {
      pending.cancel();
      group.pendingMembers.delete(leaving.memberId);
      return 'NONE';
    }
    const named = leaving.instanceId === null ? undefined : group.memberIdOf(leaving.instanceId);
    // An administrator removes a static member by its instance alone (KIP-345).
    const memberId = leaving.memberId === '' && named !== undefined ? named : leaving.memberId;
    const member = findMember(group, { ...leaving, memberId });
    if (typeof member === 'string') return member;
    this.#rebalance.take(group, member);
    return 'NONE';
  }
}
