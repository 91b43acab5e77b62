import type { Timer } from '@oubliette/runtime';
import { metadataFor, type GroupMember } from './group-member.js';
import type { MemberProtocol } from './group-messages.js';

/** Kafka's states of a classic group; its names are what ListGroups and DescribeGroups answer. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/**
 * A group of the classic rebalance protocol: members, generation and the protocol they agreed on. Holds facts and answers
 * questions about them; what happens when is decided in group-membership.ts.
 */
export class ClassicGroup {
  state: GroupState = 'Empty';
  generation = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leader: string | null = null;
  /** What the last generation of a consumer group subscribed to; null before the first, and where that is not known. */
  subscribed: ReadonlySet<string> | null = null;
  /** Wall-clock ms of the last change of state; offsets of an empty group expire from here. */
  stateSince: number;
  /** Set while a rebalance gathers members. */
  joinTimer: Timer | null = null;
  /** The first rebalance of an empty group waits out its delay, and for nobody longer, whoever is there. */
  isInitialDelay = false;
  newMemberAdded = false;
  /** Set while the leader's assignment is awaited. */
  syncTimer: Timer | null = null;
  readonly members = new Map<string, GroupMember>();
  /** Ids handed out and not used yet (KIP-394), each with the timer that forgets it. */
  readonly pendingMembers = new Map<string, Timer>();
  readonly pendingSync = new Set<string>();
  readonly #idOfInstance = new Map<string, string>();

  constructor(
    readonly id: string,
    now: number,
  ) {
    this.stateSince = now;
  }

  changeState(state: GroupState, now: number): void {
    this.state = state;
    this.stateSince = now;
  }

  isIn(...states: readonly GroupState[]): boolean {
    return states.includes(this.state);
  }

  add(member: GroupMember): void {
    this.members.set(member.id, member);
    if (member.instanceId !== null) this.#idOfInstance.set(member.instanceId, member.id);
    this.leader ??= member.id;
    this.pendingSync.delete(member.id);
  }

  remove(member: GroupMember): void {
    this.members.delete(member.id);
    this.pendingSync.delete(member.id);
    if (member.instanceId !== null && this.#idOfInstance.get(member.instanceId) === member.id) {
      this.#idOfInstance.delete(member.instanceId);
    }
    if (this.leader === member.id) this.leader = this.members.keys().next().value ?? null;
  }

  /** Gives a static member that came back its new id, in the place of the old one. */
  rename(member: GroupMember, newId: string): void {
    const wasLeader = this.leader === member.id;
    const entries = [...this.members.values()];
    this.members.clear();
    this.pendingSync.delete(member.id);
    member.id = newId;
    for (const entry of entries) this.members.set(entry.id, entry);
    if (member.instanceId !== null) this.#idOfInstance.set(member.instanceId, newId);
    if (wasLeader) this.leader = newId;
  }

  memberIdOf(instanceId: string): string | undefined {
    return this.#idOfInstance.get(instanceId);
  }

  /** A leader that did not come back is replaced by a member that did; false when nobody did. */
  electJoinedLeader(): boolean {
    const current = this.leader === null ? undefined : this.members.get(this.leader);
    if (current !== undefined && current.answerJoin !== null) return true;
    for (const member of this.members.values()) {
      if (member.answerJoin === null) continue;
      this.leader = member.id;
      return true;
    }
    return false;
  }

  get hasAllJoined(): boolean {
    if (this.pendingMembers.size > 0) return false;
    for (const member of this.members.values()) if (member.answerJoin === null) return false;
    return true;
  }

  /** The longest any member wants to be waited for, in ms. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  /** Whether a member that offers these protocols could work with those that are here. */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.members.size === 0) return protocolType !== '' && protocols.length > 0;
    if (this.protocolType !== protocolType) return false;
    const common = this.#commonProtocols();
    return protocols.some(({ name }) => common.has(name));
  }

  /** The protocol that all members offer and most of them prefer. */
  selectProtocol(): string | null {
    const common = this.#commonProtocols();
    const votes = new Map<string, number>();
    for (const member of this.members.values()) {
      const choice = member.protocols.find(({ name }) => common.has(name))?.name;
      if (choice !== undefined) votes.set(choice, (votes.get(choice) ?? 0) + 1);
    }
    let best: string | null = null;
    for (const [name, count] of votes) if (best === null || count > (votes.get(best) ?? 0)) best = name;
    return best;
  }

  #commonProtocols(): ReadonlySet<string> {
    let common: Set<string> | null = null;
    for (const member of this.members.values()) {
      const offered: ReadonlySet<string> = new Set(member.protocols.map(({ name }) => name));
      common = new Set([...(common ?? offered)].filter((name) => offered.has(name)));
    }
    return common ?? new Set();
  }

  /** Everybody as the leader sees them. */
  roster(): { memberId: string; instanceId: string | null; metadata: Uint8Array }[] {
    return [...this.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      metadata: metadataFor(member, this.protocolName),
    }));
  }
}
