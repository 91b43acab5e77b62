import { Buffer } from 'node:buffer';
import type { Entropy } from '@oubliette/runtime';
import type { LogConfig } from './partition-log.js';
import type { Segment } from './segment.js';

const highestRelativeOffset = 0x7fffffffn;
const jitterBytes = 4;

/** How much earlier than segment.ms each segment rolls, by chance (Kafka's LogConfig.randomSegmentJitter). */
export class RollJitter {
  readonly #drawn = new WeakMap<Segment, number>();

  constructor(private readonly entropy: Entropy) {}

  /** ms, the same for a segment's whole life. */
  of(segment: Segment, { segmentJitterMs, segmentMs }: LogConfig): number {
    const known = this.#drawn.get(segment);
    if (known !== undefined) return known;
    const bound = Math.min(segmentJitterMs, segmentMs);
    const drawn = bound <= 0 ? 0 : this.#number() % bound;
    this.#drawn.set(segment, drawn);
    return drawn;
  }

  #number(): number {
    const bytes = Buffer.alloc(jitterBytes);
    this.entropy.fill(bytes);
    return bytes.readUInt32BE() >>> 1;
  }
}

/** segment.ms, for a compacted log bounded by max.compaction.lag.ms (Kafka's LogConfig.maxSegmentMs). */
export function rollAfterMs(config: LogConfig): number {
  return config.cleanupPolicy.has('compact')
    ? Math.min(config.segmentMs, config.maxCompactionLagMs)
    : config.segmentMs;
}

/**
 * Whether an append goes to a new segment (Kafka's LogSegment.shouldRoll). Time counts by the records' own timestamps, from the
 * first batch's, by the clock only where they have none; an empty segment never rolls.
 */
export function mustRoll(
  segment: Segment,
  incoming: { readonly bytes: number; readonly newestTimestamp: bigint; readonly lastOffset: bigint },
  config: LogConfig,
  nowMs: number,
  jitterMs: number,
): boolean {
  if (incoming.lastOffset - segment.baseOffset > highestRelativeOffset) return true;
  if (segment.sizeBytes === 0) return false;
  const first = segment.firstTimestamp;
  const waited =
    first !== null && first >= 0n ? Number(incoming.newestTimestamp - first) : nowMs - segment.createdMs;
  return (
    segment.sizeBytes > config.segmentBytes - incoming.bytes ||
    waited > rollAfterMs(config) - jitterMs ||
    segment.offsetIndex.isFull(config.segmentIndexBytes) ||
    segment.timeIndex.isFull(config.segmentIndexBytes)
  );
}
