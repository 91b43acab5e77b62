import type { LogWindow } from '../ports.js';

export type KeyTopicTimings = Awaited<ReturnType<LogWindow['settings']>>;

/** Ours and the broker's clocks may differ this much before a first nudge is in vain. */
export const rollSlackMs = 50;
/** The broker's scheduler may unlink this much after file.delete.delay.ms. */
export const unlinkSlackMs = 250;

/** What a cleaner takes for a pass over a few small segments, so that one look usually finds it done. */
const usualPassMs = 150;
const longestPaceMs = 60_000;
/** What a producer takes until it gives up: what was sealed before a user was fenced may be on its way for so long. */
export const longestSettleMs = 60_000;

/** Age at which a segment rolls, on the next append: min(segment.ms, max.compaction.lag.ms) (LogConfig.maxSegmentMs). */
export function rollMs(timings: KeyTopicTimings): number {
  return Math.min(timings.segmentMs, timings.maxCompactionLagMs);
}

/**
 * Pause between looks at a partition after `attempts` that were in vain: the cleaner's own pause and a pass,
 * doubling up to a quarter of the roll (at most a minute), so that waiting for a slow cleaner costs little reading.
 */
export function paceMs(timings: KeyTopicTimings, attempts: number): number {
  const least = timings.cleanerBackoffMs + usualPassMs;
  const most = Math.max(least, Math.min(longestPaceMs, rollMs(timings) / 4));
  return Math.min(most, least * 2 ** Math.min(attempts, 20));
}

/**
 * Two nudges of one partition are at least so far apart: a tenth of the roll, at most a minute. One nudge serves all that was
 * tombstoned until a roll before it, so that continuous forgets cost no more than this.
 */
export function nudgeSpacingMs(timings: KeyTopicTimings): number {
  return Math.max(paceMs(timings, 0), Math.min(longestPaceMs, Math.ceil(rollMs(timings) / 10)));
}

/** The longest that a partition with a pending erasure goes without an append once its segment may roll. */
export function nudgerGapMs(timings: KeyTopicTimings): number {
  return rollSlackMs + nudgeSpacingMs(timings);
}

/**
 * What was sealed before a user was fenced may be on its way to a topic for so long after: what a producer takes until it gives up. Shorter
 * where segments roll sooner: whoever sets that wants to see an erasure soon.
 */
export function settleMs(timings: KeyTopicTimings): number {
  return Math.min(longestSettleMs, rollMs(timings));
}

/** From the bytes' end in the file system to the nudger's knowledge of it. */
export function observationMs(timings: KeyTopicTimings): number {
  return paceMs(timings, Number.POSITIVE_INFINITY) + paceMs(timings, 0) + unlinkSlackMs;
}

/** How long one rests after reading a large partition, its files or the ledger: reading is at most a fifth of the time. */
export function restMs(readMs: number): number {
  return 4 * readMs;
}
