import { ClassicGroup } from './classic-group.js';
import type { GroupMember } from './group-member.js';
import { GroupOffsets } from './group-offsets.js';
import type { GroupRecord, StoredGroup, StoredOffset } from './group-records.js';
import { subscribedBy, type CommittedPartition } from './offset-expiry.js';

/**
 * What the coordinator knows: groups, and what they committed. An offset of a group that is not there makes one without a protocol
 * type, a "simple" group, as in Kafka (OffsetMetadataManager.replay); it stays when its offsets are deleted, until the next check of
 * what has expired.
 */
export class GroupRegistry {
  readonly offsets = new GroupOffsets();
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #now: () => number;
  #isLoading = true;

  /** `now` in ms since the Unix epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** From here on the groups in memory are ahead of their records, which matter to the next start. */
  loaded(): void {
    this.#isLoading = false;
  }

  get(groupId: string): ClassicGroup | undefined {
    return this.#groups.get(groupId);
  }

  all(): Iterable<ClassicGroup> {
    return this.#groups.values();
  }

  ids(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** What the group has committed; nothing once the group is taken away, though its offsets go when that is stored. */
  *committed(groupId: string): Generator<CommittedPartition> {
    if (this.#groups.has(groupId)) yield* this.offsets.of(groupId);
  }

  committedOf(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#groups.has(groupId) ? this.offsets.get(groupId, topic, partition) : undefined;
  }

  create(groupId: string): ClassicGroup {
    const group = new ClassicGroup(groupId, this.#now());
    this.#groups.set(groupId, group);
    return group;
  }

  /** Takes the group away before its removal is stored: who joins meanwhile begins a new one. */
  remove(group: ClassicGroup): void {
    if (this.#groups.get(group.id) === group) this.#groups.delete(group.id);
  }

  /** Its removal could not be stored: the group is there again, unless there is a new one. */
  putBack(group: ClassicGroup): void {
    if (!this.#groups.has(group.id)) this.#groups.set(group.id, group);
  }

  replay(record: GroupRecord): void {
    if (record.kind === 'offset') {
      if (record.value !== null && !this.#groups.has(record.groupId)) this.create(record.groupId);
      this.offsets.replay(record);
      return;
    }
    if (!this.#isLoading) return;
    if (record.value === null) this.#groups.delete(record.groupId);
    else this.#groups.set(record.groupId, restore(record.groupId, record.value));
  }
}

/** A group nobody is in yet, as its first record holds it. */
export function beginning({ protocolType, generation, stateSince }: ClassicGroup): StoredGroup {
  return {
    protocolType: protocolType ?? '',
    generation,
    protocol: null,
    leader: null,
    stateSince: BigInt(stateSince),
    members: [],
  };
}

/** A stored generation is stable: its members have their sessions to show that they are still there. */
function restore(groupId: string, stored: StoredGroup): ClassicGroup {
  const group = new ClassicGroup(groupId, Number(stored.stateSince));
  group.generation = stored.generation;
  group.protocolType = stored.protocolType === '' ? null : stored.protocolType;
  group.protocolName = stored.protocol;
  for (const { memberId, subscription, ...rest } of stored.members) {
    const member: GroupMember = {
      ...rest,
      id: memberId,
      protocols: stored.protocol === null ? [] : [{ name: stored.protocol, metadata: subscription }],
      isNew: false,
      answerJoin: null,
      answerSync: null,
      session: null,
    };
    group.add(member);
  }
  group.leader = stored.leader;
  group.state = stored.members.length === 0 ? 'Empty' : 'Stable';
  group.subscribed = subscribedBy(group);
  return group;
}
