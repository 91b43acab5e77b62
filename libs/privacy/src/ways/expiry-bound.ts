import type { ErasureBound } from '../forgetting/erasure-bound.js';
import type { CleanupSettings } from '../guard/cleanup-settings.js';
import { deleteWorstCase } from '../guard/worst-case.js';
import { longestSettleMs, unlinkSlackMs } from '../nudger/timing.js';

const shortestPauseMs = 1_000;
const longestPauseMs = 60_000;

/** How long after the fence nothing more of a user lands: less only where records live less, which nobody sets outside of a trial. */
export function settleMs({ retentionMs }: CleanupSettings): number {
  return Math.min(longestSettleMs, retentionMs);
}

/** Between two looks at where the logs begin. */
export function lookPauseMs({ retentionCheckIntervalMs }: CleanupSettings): number {
  return Math.min(longestPauseMs, Math.max(shortestPauseMs, retentionCheckIntervalMs));
}

/**
 * From a log that begins behind a mark to files that are gone: a follower moves its log's start when it hears of the leader's, and takes
 * the segments away at its own next check (UnifiedLog.deleteLogStartOffsetBreachedSegments).
 */
export function unlinkMs({ retentionCheckIntervalMs, fileDeleteDelayMs }: CleanupSettings): number {
  return retentionCheckIntervalMs + fileDeleteDelayMs + unlinkSlackMs;
}

/** Longest time from *forgotten* until a user's records are gone by retention, and it is known. */
export function expiryBound(settings: CleanupSettings): ErasureBound {
  const { worstCaseMs, terms } = deleteWorstCase(settings);
  const own = [
    {
      name: 'nothing more can land',
      setting: 'what a producer takes until it gives up',
      ms: settleMs(settings),
    },
    { name: 'eraser looks', setting: "the eraser's pace", ms: 2 * lookPauseMs(settings) },
    {
      name: 'followers unlink',
      setting: 'log.retention.check.interval.ms',
      ms: unlinkMs(settings) - settings.fileDeleteDelayMs,
    },
  ];
  const ownMs = own.reduce((sum, { ms }) => sum + ms, 0);
  return { ms: worstCaseMs === null ? null : worstCaseMs + ownMs, terms: [...terms, ...own] };
}
