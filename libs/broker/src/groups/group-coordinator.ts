import { KafkaError, type ErrorName } from '@oubliette/protocol';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { PartitionLog } from '../log/partition-log.js';
import { ClassicGroup } from './classic-group.js';
import { GroupMembership, type MembershipLimits } from './group-membership.js';
import { metadataFor, type GroupMember } from './group-member.js';
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
import { GroupOffsets, type TopicPartition } from './group-offsets.js';
import { GroupRebalance } from './group-rebalance.js';
import type { GroupRecord, StoredGroup, StoredOffset } from './group-records.js';
import { OffsetsLog } from './offsets-log.js';
import { requireMember } from './member-fencing.js';
import { expiry, topicsOf } from './offset-expiry.js';
import { TimerScope } from './timer-scope.js';

/** Settings of the coordinator. Times in ms. */
export interface CoordinatorSettings extends MembershipLimits {
  readonly initialRebalanceDelayMs: number;
  readonly maxMetadataBytes: number;
  readonly offsetsRetentionMs: number;
  readonly retentionCheckMs: number;
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** What a coordinator works with. */
export interface CoordinatorParts {
  /** Of __consumer_offsets, by partition. */
  readonly logs: readonly PartitionLog[];
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: CoordinatorSettings;
}

/** Consumer groups of the classic protocol and their committed offsets. Refusals are KafkaErrors. */
export class GroupCoordinator {
  readonly #clock: TimerScope;
  readonly #logger: Logger;
  readonly #settings: CoordinatorSettings;
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #offsets = new GroupOffsets();
  readonly #log: OffsetsLog;
  readonly #rebalance: GroupRebalance;
  readonly #membership: GroupMembership;
  #loading = true;

  constructor(parts: CoordinatorParts) {
    const clock = new TimerScope(parts.clock);
    this.#clock = clock;
    this.#logger = parts.logger;
    this.#settings = parts.settings;
    this.#log = new OffsetsLog(parts.logs, clock, (record) => this.#replay(record));
    this.#rebalance = new GroupRebalance({
      clock,
      logger: parts.logger,
      initialDelayMs: parts.settings.initialRebalanceDelayMs,
      append: (groupId, records) => this.#log.append(groupId, records),
    });
    this.#membership = new GroupMembership(this.#rebalance, clock, parts.entropy, parts.settings);
  }

  /** Reads back groups and offsets; members that were in a group have their session to show that they still are. */
  async start(): Promise<void> {
    await this.#log.load();
    this.#loading = false;
    for (const group of this.#groups.values()) {
      for (const member of group.members.values()) this.#rebalance.touch(group, member);
    }
    this.#scheduleRetention();
  }

  /** Stops the timers, answers who waits, and waits for what is being written. */
  async close(): Promise<void> {
    this.#clock.close();
    for (const group of this.#groups.values()) this.#rebalance.dismiss(group);
    await this.#log.settle();
  }

  join(request: JoinRequest, client: ClientIdentity): Promise<JoinResult> {
    const refused = this.#membership.refuse(request);
    if (refused !== null) return Promise.resolve(refusedJoin(refused, request.memberId));
    let group = this.#groups.get(request.groupId);
    if (group === undefined) {
      if (request.memberId !== '') return Promise.resolve(refusedJoin('UNKNOWN_MEMBER_ID', request.memberId));
      group = new ClassicGroup(request.groupId, this.#clock.now());
      this.#groups.set(request.groupId, group);
      // As Kafka: the log knows the group before its first generation, and also when its first member is refused.
      this.#appendQuietly(group.id, [{ kind: 'group', groupId: group.id, value: withoutMembers(group) }]);
    }
    return this.#membership.join(group, request, client);
  }

  sync(request: SyncRequest): Promise<SyncResult> {
    if (request.groupId === '') return Promise.resolve(refusedSync('INVALID_GROUP_ID'));
    const group = this.#groups.get(request.groupId);
    if (group === undefined) return Promise.resolve(refusedSync('UNKNOWN_MEMBER_ID'));
    return this.#membership.sync(group, request);
  }

  heartbeat(request: MemberRequest): void {
    this.#membership.heartbeat(this.#requireGroup(request.groupId, 'UNKNOWN_MEMBER_ID'), request);
  }

  leave(groupId: string, leaving: LeavingMember): void {
    this.#membership.leave(this.#requireGroup(groupId, 'UNKNOWN_MEMBER_ID'), leaving);
  }

  #requireGroup(groupId: string, otherwise: ErrorName): ClassicGroup {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID');
    const group = this.#groups.get(groupId);
    if (group === undefined) throw new KafkaError(otherwise);
    return group;
  }

  /**
   * Stores the offsets that may be stored; resolves to each partition's error once they are durable. Throws KafkaError when the
   * member may not commit at all (GroupMetadataManager.validateOffsetCommit).
   */
  async commit(request: MemberRequest, offsets: readonly OffsetToCommit[]): Promise<readonly ErrorName[]> {
    this.#checkCommit(request);
    // Kafka compares Java's String.length, UTF-16 units, with offset.metadata.max.bytes (OffsetMetadataManager.isMetadataInvalid).
    const tooLarge = ({ metadata }: OffsetToCommit): boolean =>
      metadata !== null && metadata.length > this.#settings.maxMetadataBytes;
    const commitTimestamp = BigInt(this.#clock.now());
    const records = offsets
      .filter((offset) => !tooLarge(offset))
      .map(({ topic, partition, offset, leaderEpoch, metadata }): GroupRecord => ({
        kind: 'offset',
        groupId: request.groupId,
        topic,
        partition,
        value: { offset, leaderEpoch, metadata: metadata ?? '', commitTimestamp },
      }));
    if (records.length > 0) await this.#log.append(request.groupId, records);
    return offsets.map((offset) => (tooLarge(offset) ? 'OFFSET_METADATA_TOO_LARGE' : 'NONE'));
  }

  /** The empty group id may commit, as it could before there were groups (GroupCoordinatorService.commitOffsets). */
  #checkCommit(request: MemberRequest): void {
    const group = this.#groups.get(request.groupId);
    if (group === undefined) {
      // Without a group, only a client that manages its partitions itself may commit.
      if (request.generation >= 0) throw new KafkaError('ILLEGAL_GENERATION');
      return;
    }
    if (group.state === 'Dead') throw new KafkaError('COORDINATOR_NOT_AVAILABLE');
    if (request.generation < 0 && group.state === 'Empty') return;
    const member = requireMember(group, request);
    if (request.generation !== group.generation) throw new KafkaError('ILLEGAL_GENERATION');
    if (group.state === 'CompletingRebalance') throw new KafkaError('REBALANCE_IN_PROGRESS');
    if (member.answerJoin === null) this.#rebalance.touch(group, member);
  }

  committed(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#offsets.get(groupId, topic, partition);
  }

  allCommitted(groupId: string): Iterable<TopicPartition & { readonly value: StoredOffset }> {
    return this.#offsets.of(groupId);
  }

  /** Every group: those with members or a generation, and those with offsets only. */
  list(): { groupId: string; protocolType: string; state: string }[] {
    const listed = [...this.#groups.values()].map((group) => ({
      groupId: group.id,
      protocolType: group.protocolType ?? '',
      state: group.state,
    }));
    for (const groupId of this.#offsets.groupIds()) {
      if (!this.#groups.has(groupId)) listed.push({ groupId, protocolType: '', state: 'Empty' });
    }
    return listed;
  }

  /** The group as it is, or null when there is none. */
  describe(groupId: string): GroupDescription | null {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      if (!this.#offsets.has(groupId)) return null;
      return { state: 'Empty', protocolType: '', protocol: '', members: [] };
    }
    const isStable = group.state === 'Stable';
    return {
      state: group.state,
      protocolType: group.protocolType ?? '',
      protocol: isStable ? (group.protocolName ?? '') : '',
      members: [...group.members.values()].map((member) => ({
        memberId: member.id,
        instanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        metadata: isStable ? metadataFor(member, group.protocolName) : new Uint8Array(0),
        // Between two generations that of the old one, as far as it was not taken back.
        assignment: member.assignment,
      })),
    };
  }

  /** Deletes a group without members, with its offsets; '' is a group like another. Throws GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  async delete(groupId: string): Promise<void> {
    const group = this.#groups.get(groupId);
    if (group === undefined && !this.#offsets.has(groupId)) throw new KafkaError('GROUP_ID_NOT_FOUND');
    if (group !== undefined && group.state !== 'Empty') throw new KafkaError('NON_EMPTY_GROUP');
    await this.#log.append(groupId, [
      ...this.#offsets.tombstones(groupId),
      { kind: 'group', groupId, value: null },
    ]);
  }

  /** Deletes committed offsets; resolves to each partition's error. Throws GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly ErrorName[]> {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID');
    const group = this.#groups.get(groupId);
    if (group === undefined && !this.#offsets.has(groupId)) throw new KafkaError('GROUP_ID_NOT_FOUND');
    const isConsumer = group?.protocolType === 'consumer';
    if (group !== undefined && group.state !== 'Empty' && !isConsumer)
      throw new KafkaError('NON_EMPTY_GROUP');
    const subscribed = group === undefined ? new Set<string>() : topicsOf(group);
    const mayDelete = ({ topic }: TopicPartition): boolean => subscribed !== null && !subscribed.has(topic);
    const records = partitions
      .filter(
        (entry) => mayDelete(entry) && this.committed(groupId, entry.topic, entry.partition) !== undefined,
      )
      .map(({ topic, partition }): GroupRecord => ({
        kind: 'offset',
        groupId,
        topic,
        partition,
        value: null,
      }));
    if (records.length > 0) await this.#log.append(groupId, records);
    return partitions.map((entry) => (mayDelete(entry) ? 'NONE' : 'GROUP_SUBSCRIBED_TO_TOPIC'));
  }

  /** The topic is gone: what was committed for it means nothing to the next topic of that name. */
  topicDeleted(topic: string): void {
    for (const groupId of [...this.#offsets.groupIds()]) {
      this.#appendQuietly(
        groupId,
        this.#offsets.tombstones(groupId, (entry) => entry.topic === topic),
      );
    }
  }

  #scheduleRetention(): void {
    this.#clock.schedule(this.#settings.retentionCheckMs, () => {
      this.#expireOffsets();
      this.#scheduleRetention();
    });
  }

  /** Expired offsets go, and with its last offset a group without members (GroupMetadataManager.cleanupGroupMetadata). */
  #expireOffsets(): void {
    const ids = new Set([...this.#groups.keys(), ...this.#offsets.groupIds()]);
    for (const groupId of ids) {
      const group = this.#groups.get(groupId);
      const isExpired = expiry(group, this.#clock.now() - this.#settings.offsetsRetentionMs);
      const records = isExpired === null ? [] : this.#offsets.tombstones(groupId, isExpired);
      const remaining = [...this.#offsets.of(groupId)].length - records.length;
      const isEmpty = group?.state === 'Empty' && group.pendingMembers.size === 0;
      if (isEmpty && remaining === 0) records.push({ kind: 'group', groupId, value: null });
      this.#appendQuietly(groupId, records);
    }
  }

  #appendQuietly(groupId: string, records: readonly GroupRecord[]): void {
    if (records.length === 0) return;
    this.#log.append(groupId, records).catch((error: unknown) => {
      const code = error instanceof KafkaError ? error.codeName : 'UNKNOWN_SERVER_ERROR';
      this.#logger.error('a change of a consumer group could not be stored', { code });
    });
  }

  #replay(record: GroupRecord): void {
    if (record.kind === 'offset') {
      this.#offsets.replay(record);
      return;
    }
    if (record.value === null) {
      const group = this.#groups.get(record.groupId);
      // Somebody may have joined between the decision to delete and its being durable: then the group lives on.
      if (group !== undefined && group.isIn('Empty') && group.pendingMembers.size === 0) {
        group.changeState('Dead', this.#clock.now());
        this.#groups.delete(record.groupId);
      }
      return;
    }
    // While running the group in memory is ahead of its records; they matter to the next start.
    if (this.#loading) this.#groups.set(record.groupId, restore(record.groupId, record.value));
  }
}

/** A group as DescribeGroups shows it. */
export interface GroupDescription {
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly metadata: Uint8Array;
    readonly assignment: Uint8Array;
  }[];
}

function withoutMembers({ protocolType, generation, stateSince }: ClassicGroup): StoredGroup {
  return {
    protocolType: protocolType ?? '',
    generation,
    protocol: null,
    leader: null,
    stateSince: BigInt(stateSince),
    members: [],
  };
}

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
      answerJoin: null,
      answerSync: null,
      session: null,
    };
    group.add(member);
  }
  group.leader = stored.leader;
  group.state = stored.members.length === 0 ? 'Empty' : 'Stable';
  return group;
}
