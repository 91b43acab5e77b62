import { KafkaError, type ErrorName } from '@oubliette/protocol';
import type { Clock } from '@oubliette/runtime';
import type { ClassicGroup } from './classic-group.js';
import type { MemberRequest } from './group-messages.js';
import type { TopicPartition } from './group-offsets.js';
import type { GroupRebalance } from './group-rebalance.js';
import type { GroupRecord } from './group-records.js';
import type { GroupRegistry } from './group-registry.js';
import { requireMember } from './member-fencing.js';
import { isSubscribed } from './offset-expiry.js';
import type { OffsetsLog } from './offsets-log.js';

export interface OffsetToCommit extends TopicPartition {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface CommitRequest extends MemberRequest {
  /** OffsetCommit ≥ 9: a group that is not there is GROUP_ID_NOT_FOUND, not ILLEGAL_GENERATION (KIP-848). */
  readonly saysUnknownGroup: boolean;
  /** How long to keep the offsets, in ms (OffsetCommit 2 to 4); -1 as long as the broker keeps offsets. */
  readonly retentionMs: bigint;
}

/** Committing and deleting offsets, by the rules of Kafka's OffsetMetadataManager. */
export class OffsetCommits {
  readonly #registry: GroupRegistry;
  readonly #rebalance: GroupRebalance;
  readonly #log: OffsetsLog;
  readonly #clock: Clock;
  readonly #maxMetadataBytes: number;

  constructor(parts: {
    readonly registry: GroupRegistry;
    readonly rebalance: GroupRebalance;
    readonly log: OffsetsLog;
    readonly clock: Clock;
    readonly maxMetadataBytes: number;
  }) {
    this.#registry = parts.registry;
    this.#rebalance = parts.rebalance;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#maxMetadataBytes = parts.maxMetadataBytes;
  }

  /**
   * Stores the offsets that may be stored, all or none; resolves to each partition's error once they are durable. Throws KafkaError
   * when the member may not commit at all, and UNKNOWN_SERVER_ERROR when one batch cannot hold them.
   */
  async commit(request: CommitRequest, offsets: readonly OffsetToCommit[]): Promise<readonly ErrorName[]> {
    this.#check(request);
    // Kafka compares Java's String.length, UTF-16 units, with offset.metadata.max.bytes (OffsetMetadataManager.isMetadataInvalid).
    const tooLarge = ({ metadata }: OffsetToCommit): boolean =>
      metadata !== null && metadata.length > this.#maxMetadataBytes;
    const commitTimestamp = BigInt(this.#clock.now());
    const expireTimestamp = request.retentionMs === -1n ? -1n : commitTimestamp + request.retentionMs;
    const records = offsets
      .filter((offset) => !tooLarge(offset))
      .map(({ topic, partition, offset, leaderEpoch, metadata }): GroupRecord => ({
        kind: 'offset',
        groupId: request.groupId,
        topic,
        partition,
        value: { offset, leaderEpoch, metadata: metadata ?? '', commitTimestamp, expireTimestamp },
      }));
    if (records.length > 0) await this.#log.append(request.groupId, records);
    return offsets.map((offset) => (tooLarge(offset) ? 'OFFSET_METADATA_TOO_LARGE' : 'NONE'));
  }

  /**
   * Without a group, or in one without members, only a client that manages its partitions itself may commit; the empty group id may,
   * as it could before there were groups (ClassicGroup.validateOffsetCommit).
   */
  #check(request: CommitRequest): void {
    const group = this.#registry.get(request.groupId);
    if (group === undefined) {
      if (request.generation < 0) return;
      throw new KafkaError(request.saysUnknownGroup ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION');
    }
    if (request.generation < 0 && group.state === 'Empty') return;
    const member = requireMember(group, request);
    if (request.generation !== group.generation) throw new KafkaError('ILLEGAL_GENERATION');
    if (group.state === 'CompletingRebalance') throw new KafkaError('REBALANCE_IN_PROGRESS');
    if (member.answerJoin === null) this.#rebalance.touch(group, member);
  }

  /** Deletes committed offsets; resolves to each partition's error. Throws GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  async delete(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly ErrorName[]> {
    const group = this.#requireDeletable(groupId);
    const mayDelete = ({ topic }: TopicPartition): boolean => !isSubscribed(group, topic);
    const isThere = ({ topic, partition }: TopicPartition): boolean =>
      this.#registry.offsets.get(groupId, topic, partition) !== undefined;
    const records = partitions
      .filter((entry) => mayDelete(entry) && isThere(entry))
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

  #requireDeletable(groupId: string): ClassicGroup {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID');
    const group = this.#registry.get(groupId);
    if (group === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND');
    if (group.state !== 'Empty' && group.protocolType !== 'consumer') throw new KafkaError('NON_EMPTY_GROUP');
    return group;
  }
}
