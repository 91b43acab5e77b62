import type { CleanupSettings } from './cleanup-settings.js';
import type { ErasureWay } from '../ways/erasure-way.js';
import { spellDuration } from './spell-duration.js';
import { worstCaseOf } from './way-formulas.js';
import { transactionMs, type LogUse, type WorstCase } from './worst-case.js';

/** Says by how much a deadline is missed under cleanup.policy=delete and the largest segment.ms that would pass. */
export function deleteAdvice(settings: CleanupSettings, worstCase: WorstCase, deadlineMs: number): string {
  const missed = missedBy(worstCase, deadlineMs);
  const kept = settings.retentionMs === Number.POSITIVE_INFINITY ? '-1' : exact(settings.retentionMs);
  const retention = `retention.ms=${kept}`;
  const fits = largestSegmentMs(settings, worstCase, deadlineMs);
  if (fits !== null) {
    return `${missed} With ${retention} the largest segment.ms that passes is ${exact(fits)}${appendTimeAdvice(settings, fits)}.`;
  }
  const shortest = largestRetentionMs(settings, worstCase, deadlineMs);
  return shortest === null
    ? `${missed} No segment.ms and no retention.ms passes: the other terms alone take longer.`
    : `${missed} With ${retention} no segment.ms passes: even with segment.ms=1, retention.ms may be at most ${exact(shortest)}.`;
}

/** The same for cleanup.policy=compact: segment.ms and max.compaction.lag.ms count as one. */
export function compactAdvice(
  settings: CleanupSettings,
  use: LogUse,
  erasure: ErasureWay,
  worstCase: WorstCase,
  deadlineMs: number,
): string {
  const missed = missedBy(worstCase, deadlineMs);
  const fits = largestCompactionLagMs(settings, use, erasure, deadlineMs);
  return fits === null
    ? `${missed} No segment.ms passes: the other terms alone take longer.`
    : `${missed} With segment.ms and max.compaction.lag.ms of at most ${exact(fits)} it passes.`;
}

/**
 * The largest segment.ms whose worst case under cleanup.policy=delete is within the deadline, or null where none is:
 * deadline − (A + R + C + F), at least Kafka's minimum of 1 ms.
 */
export function largestSegmentMs(
  settings: CleanupSettings,
  worstCase: WorstCase,
  deadlineMs: number,
): number | null {
  const rest = otherTermsMs(worstCase, 'segment.ms');
  return rest === null || settings.retentionMs === Number.POSITIVE_INFINITY || deadlineMs - rest < 1
    ? null
    : deadlineMs - rest;
}

/**
 * The largest value of both segment.ms and max.compaction.lag.ms whose worst case under cleanup.policy=compact is within the
 * deadline, or null where none is: deadline − (A + max(G + X, m) + b + Q + F), at least Kafka's minimum of 1 ms. The nudger's pace,
 * where records are tombstoned, goes by these settings itself, so that it is searched for.
 */
export function largestCompactionLagMs(
  settings: CleanupSettings,
  use: LogUse,
  erasure: ErasureWay,
  deadlineMs: number,
): number | null {
  const fits =
    erasure === 'tombstone'
      ? largestUpTo(deadlineMs, (lagMs) => {
          const tried = { ...settings, segmentMs: lagMs, maxCompactionLagMs: lagMs };
          const { worstCaseMs } = worstCaseOf(tried, use, erasure);
          return worstCaseMs !== null && worstCaseMs <= deadlineMs;
        })
      : deadlineMs - overheadMs(settings, use);
  return fits < 1 ? null : fits;
}

/** The largest whole number that passes, where every smaller one does too; 0: none. */
function largestUpTo(most: number, passes: (value: number) => boolean): number {
  let [fits, fails] = [0, most + 1];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (passes(middle)) fits = middle;
    else fails = middle;
  }
  return fits;
}

function largestRetentionMs(
  settings: CleanupSettings,
  worstCase: WorstCase,
  deadlineMs: number,
): number | null {
  const rest = otherTermsMs(worstCase, 'segment.ms', 'retention.ms');
  const left = rest === null ? -1 : deadlineMs - rest - 1;
  return left < 0 || (!settings.logAppendTime && settings.timestampAfterMaxMs === Number.POSITIVE_INFINITY)
    ? null
    : left;
}

function otherTermsMs(worstCase: WorstCase, ...without: readonly string[]): number | null {
  let ms = 0;
  for (const term of worstCase.terms) {
    if (without.includes(term.setting)) continue;
    if (term.ms === null) return null;
    ms += term.ms;
  }
  return ms;
}

/** All of Wv but the roll: what stays when segment.ms and max.compaction.lag.ms go to zero. */
function overheadMs(settings: CleanupSettings, use: LogUse): number {
  const ahead = settings.logAppendTime ? 0 : settings.timestampAfterMaxMs;
  const afterRoll = Math.max(
    (use.gapMs ?? Number.POSITIVE_INFINITY) + transactionMs(settings, use),
    settings.minCompactionLagMs,
  );
  return ahead + afterRoll + settings.cleanerBackoffMs + (use.queueMs ?? 0) + settings.fileDeleteDelayMs;
}

function appendTimeAdvice(settings: CleanupSettings, fits: number): string {
  const gain = settings.logAppendTime ? 0 : settings.timestampAfterMaxMs;
  return gain > 0 ? `; with message.timestamp.type=LogAppendTime it is ${exact(fits + gain)}` : '';
}

function missedBy(worstCase: WorstCase, deadlineMs: number): string {
  const deadline = `the deadline of ${spellDuration(deadlineMs)}`;
  return worstCase.worstCaseMs === null
    ? `A byte can stay without bound, beyond ${deadline}.`
    : `A byte can stay for ${spellDuration(worstCase.worstCaseMs)}, longer than ${deadline}.`;
}

function exact(ms: number): string {
  return `${ms} (${spellDuration(ms)})`;
}
