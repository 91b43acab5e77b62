import { KafkaError, type CompressionName, type ErrorName } from '@oubliette/protocol';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { ClassicGroup } from './classic-group.js';
import { describeGroup, listGroup, type GroupDescription, type ListedGroup } from './group-descriptions.js';
import { GroupMembership, type MembershipLimits } from './group-membership.js';
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
import type { TopicPartition } from './group-offsets.js';
import { GroupRebalance } from './group-rebalance.js';
import type { GroupRecord, StoredOffset } from './group-records.js';
import { beginning, GroupRegistry } from './group-registry.js';
import { GroupRetention, type RetentionSettings } from './group-retention.js';
import { OffsetCommits, type CommitRequest, type OffsetToCommit } from './offset-commits.js';
import { OffsetsLog, type OffsetsPartitions } from './offsets-log.js';
import { TimerScope } from './timer-scope.js';

/** Settings of the coordinator. Times in ms. */
export interface CoordinatorSettings extends MembershipLimits, RetentionSettings {
  readonly initialRebalanceDelayMs: number;
  readonly maxMetadataBytes: number;
  /** Of the batches of committed offsets. */
  readonly offsetsCompression: CompressionName;
}

/** What a coordinator works with. */
export interface CoordinatorParts {
  readonly offsets: OffsetsPartitions;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: CoordinatorSettings;
}

/** Consumer groups of the classic protocol and their committed offsets. Refusals are KafkaErrors. */
export class GroupCoordinator {
  readonly #clock: TimerScope;
  readonly #logger: Logger;
  readonly #maxMembers: number;
  readonly #registry: GroupRegistry;
  readonly #log: OffsetsLog;
  readonly #rebalance: GroupRebalance;
  readonly #membership: GroupMembership;
  readonly #commits: OffsetCommits;
  readonly #retention: GroupRetention;

  constructor(parts: CoordinatorParts) {
    const { logger, settings } = parts;
    const clock = new TimerScope(parts.clock);
    this.#clock = clock;
    this.#logger = logger;
    this.#maxMembers = settings.maxMembers;
    const registry = new GroupRegistry(() => clock.now());
    this.#registry = registry;
    const log = new OffsetsLog(parts.offsets, { clock, compression: settings.offsetsCompression }, (record) =>
      registry.replay(record),
    );
    this.#log = log;
    this.#rebalance = new GroupRebalance({
      clock,
      logger,
      initialDelayMs: settings.initialRebalanceDelayMs,
      append: (groupId, records) => log.append(groupId, records),
    });
    this.#membership = new GroupMembership(this.#rebalance, clock, parts.entropy, settings);
    const { maxMetadataBytes } = settings;
    this.#commits = new OffsetCommits({ registry, rebalance: this.#rebalance, log, clock, maxMetadataBytes });
    const store = (groupId: string, records: readonly GroupRecord[]): Promise<boolean> =>
      this.#storeQuietly(groupId, records);
    this.#retention = new GroupRetention({ registry, clock, settings, store });
  }

  /** Reads back groups and offsets. */
  async start(): Promise<void> {
    await this.#log.load();
    this.#registry.loaded();
    for (const group of this.#registry.all()) this.#rebalance.resume(group, this.#maxMembers);
    this.#retention.start();
  }

  /** Stops the timers, answers who waits, and waits for what is being written. */
  async close(): Promise<void> {
    this.#clock.close();
    for (const group of this.#registry.all()) this.#rebalance.dismiss(group);
    this.#rebalance.dismissAbandoned();
    await this.#log.settle();
  }

  /** Whether the topic of the offsets has the partition that the group's hash leads to; for other groups nothing may be asked. */
  coordinates(groupId: string): boolean {
    return this.#log.holds(groupId);
  }

  join(request: JoinRequest, client: ClientIdentity): Promise<JoinResult> {
    const refused = this.#membership.refuse(request);
    if (refused !== null) return Promise.resolve(refusedJoin(refused, request.memberId));
    let group = this.#registry.get(request.groupId);
    if (group === undefined) {
      if (request.memberId !== '') return Promise.resolve(refusedJoin('UNKNOWN_MEMBER_ID', request.memberId));
      group = this.#registry.create(request.groupId);
      // As Kafka: the log knows the group before its first generation, and also when its first member is refused.
      void this.#storeQuietly(group.id, [{ kind: 'group', groupId: group.id, value: beginning(group) }]);
    }
    return this.#membership.join(group, request, client);
  }

  sync(request: SyncRequest): Promise<SyncResult> {
    if (request.groupId === '') return Promise.resolve(refusedSync('INVALID_GROUP_ID'));
    const group = this.#registry.get(request.groupId);
    if (group === undefined) return Promise.resolve(refusedSync('UNKNOWN_MEMBER_ID'));
    return this.#membership.sync(group, request);
  }

  heartbeat(request: MemberRequest): void {
    this.#membership.heartbeat(this.#requireGroup(request.groupId), request);
  }

  /** Gives each member's error; throws KafkaError where there is no such group. */
  leave(groupId: string, leaving: readonly LeavingMember[]): readonly ErrorName[] {
    return this.#membership.leave(this.#requireGroup(groupId), leaving);
  }

  #requireGroup(groupId: string): ClassicGroup {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID');
    const group = this.#registry.get(groupId);
    if (group === undefined) throw new KafkaError('UNKNOWN_MEMBER_ID');
    return group;
  }

  /** See OffsetCommits. */
  commit(request: CommitRequest, offsets: readonly OffsetToCommit[]): Promise<readonly ErrorName[]> {
    return this.#commits.commit(request, offsets);
  }

  /** See OffsetCommits. */
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly ErrorName[]> {
    return this.#commits.delete(groupId, partitions);
  }

  committed(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#registry.committedOf(groupId, topic, partition);
  }

  allCommitted(groupId: string): Iterable<TopicPartition & { readonly value: StoredOffset }> {
    return this.#registry.committed(groupId);
  }

  /** Every group: those with members or a generation, and those with offsets only. */
  list(): ListedGroup[] {
    return [...this.#registry.all()].map(listGroup);
  }

  /** The group as it is, or null when there is none. */
  describe(groupId: string): GroupDescription | null {
    const group = this.#registry.get(groupId);
    return group === undefined ? null : describeGroup(group);
  }

  /** Deletes a group without members, with its offsets; '' is a group like another. Throws GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  async delete(groupId: string): Promise<void> {
    const group = this.#registry.get(groupId);
    if (group === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND');
    if (group.state !== 'Empty') throw new KafkaError('NON_EMPTY_GROUP');
    this.#registry.remove(group);
    try {
      await this.#log.append(groupId, [
        ...this.#registry.offsets.tombstones(groupId),
        { kind: 'group', groupId, value: null },
      ]);
    } catch (error) {
      this.#registry.putBack(group);
      throw error;
    }
  }

  /** The topic is gone: what was committed for it means nothing to the next topic of that name. */
  topicDeleted(topic: string): void {
    const { offsets } = this.#registry;
    for (const groupId of [...offsets.groupIds()]) {
      const records = offsets.tombstones(groupId, (entry) => entry.topic === topic);
      if (records.length > 0) void this.#storeQuietly(groupId, records);
    }
  }

  /** Stores what nobody waits for, in as many batches as it needs; resolves to whether all of it was. */
  #storeQuietly(groupId: string, records: readonly GroupRecord[]): Promise<boolean> {
    return this.#log.appendInParts(groupId, records).then(
      () => true,
      (error: unknown) => {
        const code = error instanceof KafkaError ? error.codeName : 'UNKNOWN_SERVER_ERROR';
        this.#logger.error('a change of a consumer group could not be stored', { code });
        return false;
      },
    );
  }
}
