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
    answers: readonly PartitionAnswer[],
  ) {
    for (const { wanted, highWatermark, logStartOffset } of answers) {
      this.#partitions.set(this.#key(wanted), { wanted, highWatermark, logStartOffset });
    }
  }

  get size(): number {
    return this.#partitions.size;
  }

  /** In the order in which they are to be read. */
  wanted(): WantedPartition[] {
    return Array.from(this.#partitions.values(), ({ wanted }) => wanted);
  }

  /** Takes over what the client changed: first what it wants, then what it wants no more. */
  update(changed: readonly WantedPartition[], forgotten: readonly ForgottenPartition[]): void {
    for (const wanted of changed) {
      const cached = this.#partitions.get(this.#key(wanted));
      if (cached !== undefined) cached.wanted = wanted;
      else this.#partitions.set(this.#key(wanted), { wanted, highWatermark: -1n, logStartOffset: -1n });
    }
    for (const partition of forgotten) this.#partitions.delete(this.#key(partition));
  }

  /**
   * The answers that hold news. A partition that gave records goes to the end, so that one with many does not keep the others
   * from their turn.
   */
  news(answers: readonly PartitionAnswer[]): PartitionAnswer[] {
    return answers.filter((answer) => {
      const key = this.#key(answer.wanted);
      const cached = this.#partitions.get(key);
      if (cached === undefined) return true;
      const isNews = tellNews(cached, answer);
      if (answer.records.length > 0) {
        this.#partitions.delete(key);
        this.#partitions.set(key, cached);
      }
      return isNews;
    });
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
