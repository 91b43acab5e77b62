import { ErrorCode } from '@oubliette/protocol';
import type { PartitionAnswer, WantedPartition } from './fetch-partition.js';

/** What the session knows that its client knows; -1 when it must be told anew. */
interface CachedPartition {
  wanted: WantedPartition;
  highWatermark: bigint;
  logStartOffset: bigint;
}

/** A partition that a client leaves out from now on. */
export interface ForgottenPartition {
  readonly topicId: string;
  readonly topic: string | undefined;
  readonly partition: number;
}

const highestEpoch = 0x7fffffff;

/** The epoch of the request that follows one of this epoch: 0 begins a session, and a session never comes back to 0. */
export function nextSessionEpoch(epoch: number): number {
  return epoch === highestEpoch ? 1 : epoch + 1;
}

/**
 * An incremental fetch session (KIP-227; Kafka's FetchSession): the broker remembers what a client wants, the client sends changes
 * only, and the answer holds only partitions with news.
 */
export class FetchSession {
  epoch = 1;
  readonly #partitions = new Map<string, CachedPartition>();

  constructor(
    readonly id: number,
    readonly usesTopicIds: boolean,
    /** Monotonic ms. */
    readonly createdMs: number,
    public lastUsedMs: number,
  ) {}

  /** Its client is told of a partition by the answer that begins the session. */
  tell({ wanted, highWatermark, logStartOffset }: PartitionAnswer): void {
    this.#partitions.set(this.#key(wanted), { wanted, highWatermark, logStartOffset });
  }

  get size(): number {
    return this.#partitions.size;
  }

  /** In the order in which they are to be read. */
  *wanted(): Generator<WantedPartition, void, undefined> {
    for (const { wanted } of this.#partitions.values()) yield wanted;
  }

  /** The client wants a partition, or wants it otherwise. */
  want(wanted: WantedPartition): void {
    const key = this.#key(wanted);
    const cached = this.#partitions.get(key);
    if (cached !== undefined) cached.wanted = wanted;
    else this.#partitions.set(key, { wanted, highWatermark: -1n, logStartOffset: -1n });
  }

  /** The client wants a partition no more. */
  forget(partition: ForgottenPartition): void {
    this.#partitions.delete(this.#key(partition));
  }

  /**
   * Whether an answer holds news. A partition that gave records goes to the end, so that one with many does not keep the others from
   * their turn.
   */
  isNews(answer: PartitionAnswer): boolean {
    const key = this.#key(answer.wanted);
    const cached = this.#partitions.get(key);
    if (cached === undefined) return true;
    const isNews = tellNews(cached, answer);
    if (answer.records.length > 0) {
      this.#partitions.delete(key);
      this.#partitions.set(key, cached);
    }
    return isNews;
  }

  #key(partition: ForgottenPartition): string {
    return partitionName(partition, this.usesTopicIds);
  }
}

/** What tells partitions of one request apart. */
export function partitionName(
  { topicId, topic, partition }: ForgottenPartition,
  usesTopicIds: boolean,
): string {
  return `${usesTopicIds ? topicId : topic}:${partition}`;
}

/** Whether the client must hear of this, by CachedPartition.maybeUpdateResponseData; the session then knows that it did. */
function tellNews(cached: CachedPartition, answer: PartitionAnswer): boolean {
  let isNews = answer.records.length > 0 || answer.divergingEpoch !== undefined;
  if (cached.highWatermark !== answer.highWatermark) {
    isNews = true;
    cached.highWatermark = answer.highWatermark;
  }
  if (cached.logStartOffset !== answer.logStartOffset) {
    isNews = true;
    cached.logStartOffset = answer.logStartOffset;
  }
  if (answer.errorCode !== ErrorCode.NONE) {
    isNews = true;
    cached.highWatermark = -1n;
  }
  return isNews;
}
