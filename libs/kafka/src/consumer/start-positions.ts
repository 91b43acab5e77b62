import type { Admin, Consumer } from 'kafkajs';
import { nameOf } from '../errors.js';
import type { Logger } from '../logger.js';

/** `offset` in decimal digits, as kafkajs has it. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/**
 * Where a group that is new begins when it does not begin at the first record: at the end, as it was before joining.
 * Left to kafkajs, the end would be looked up anew at every rebalance until the first commit, and what arrived in between
 * would be skipped. So the end is looked up once, and committed as soon as a partition is assigned.
 */
export class StartPositions {
  readonly #groupId: string;
  readonly #logger: Logger;
  /** `topic` → partition → offset, of partitions without a committed position. */
  readonly #open = new Map<string, Map<number, string>>();
  /** Commits under way, by their owner's turn. */
  #committing: Promise<void> = Promise.resolve();

  constructor(groupId: string, logger: Logger) {
    this.#groupId = groupId;
    this.#logger = logger;
  }

  /** Notes the ends of all partitions of `topics` that the group has no position in. */
  async note(admin: Admin, topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    const committed = await admin.fetchOffsets({ groupId: this.#groupId, topics: [...topics] });
    for (const { topic, partitions } of committed) {
      const unset = new Set(
        partitions.filter(({ offset }) => BigInt(offset) < 0n).map(({ partition }) => partition),
      );
      if (unset.size === 0) continue;
      const ends = await admin.fetchTopicOffsets(topic);
      const open = ends.filter(({ partition }) => unset.has(partition));
      this.#open.set(topic, new Map(open.map(({ partition, high }) => [partition, high])));
    }
  }

  /** A position was committed: nothing is left to do for this partition. */
  committed(topic: string, partition: number): void {
    this.#open.get(topic)?.delete(partition);
  }

  /** Moves the consumer to the noted positions of what it was just assigned; kafkajs applies them before it fetches. */
  seek(consumer: Consumer, assignment: Readonly<Record<string, number[]>>): readonly Position[] {
    const positions = Object.entries(assignment).flatMap(([topic, assigned]) =>
      this.#openAmong(topic, assigned),
    );
    for (const position of positions) consumer.seek(position);
    return positions;
  }

  /** Commits positions that `seek` gave, unless a handler's commit came first. */
  commit(consumer: Consumer, positions: readonly Position[]): void {
    if (positions.length > 0)
      this.#committing = this.#committing.then(() => this.#commit(consumer, positions));
  }

  /** Resolves when no commit is under way. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  #openAmong(topic: string, assigned: readonly number[]): Position[] {
    const open = this.#open.get(topic);
    return assigned.flatMap((partition) => {
      const offset = open?.get(partition);
      return offset === undefined ? [] : [{ topic, partition, offset }];
    });
  }

  async #commit(consumer: Consumer, positions: readonly Position[]): Promise<void> {
    const open = positions.filter(({ topic, partition }) => this.#open.get(topic)?.has(partition) === true);
    if (open.length === 0) return;
    try {
      await consumer.commitOffsets(open);
      for (const { topic, partition } of open) this.committed(topic, partition);
    } catch (error) {
      // The group rebalances: whoever is assigned the partition next commits the position.
      this.#logger.debug('Start positions were not committed yet', {
        groupId: this.#groupId,
        error: nameOf(error),
      });
    }
  }
}
