import type { GroupRecord, StoredOffset } from './group-records.js';

/** A partition's name within a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Committed offsets by group, topic and partition. Only replaying a record changes them. */
export class GroupOffsets {
  readonly #groups = new Map<string, Map<string, Map<number, StoredOffset>>>();

  replay(record: Extract<GroupRecord, { kind: 'offset' }>): void {
    const { groupId, topic, partition, value } = record;
    if (value !== null) {
      const topics = this.#groups.get(groupId) ?? new Map<string, Map<number, StoredOffset>>();
      const partitions = topics.get(topic) ?? new Map<number, StoredOffset>();
      this.#groups.set(groupId, topics.set(topic, partitions.set(partition, value)));
      return;
    }
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
    if (topics?.size === 0) this.#groups.delete(groupId);
  }

  get(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  /** How many partitions the group has committed. */
  count(groupId: string): number {
    let count = 0;
    for (const partitions of this.#groups.get(groupId)?.values() ?? []) count += partitions.size;
    return count;
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  /** Every committed partition of the group. */
  *of(groupId: string): Generator<TopicPartition & { readonly value: StoredOffset }> {
    for (const [topic, partitions] of this.#groups.get(groupId) ?? []) {
      for (const [partition, value] of partitions) yield { topic, partition, value };
    }
  }

  /** The records that would delete what the group has committed, all of it or of the partitions given. */
  tombstones(
    groupId: string,
    only?: (partition: TopicPartition & { value: StoredOffset }) => boolean,
  ): GroupRecord[] {
    const records: GroupRecord[] = [];
    for (const entry of this.of(groupId)) {
      if (only !== undefined && !only(entry)) continue;
      const { topic, partition } = entry;
      records.push({ kind: 'offset', groupId, topic, partition, value: null });
    }
    return records;
  }
}
