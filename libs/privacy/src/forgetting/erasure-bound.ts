import { compactWorstCase } from '../guard/worst-case.js';
import { nudgerGapMs, observationMs, type KeyTopicTimings } from '../nudger/timing.js';
import { readCleanupSettings } from '../guard/cleanup-settings.js';

/**
 * Q of the formula: how long the key topic may queue for a cleaner thread and be cleaned, in ms. Kafka gives no bound;
 * this is ten times what cold 4.1.1 brokers on a busy two-core machine took for a key topic's first pass.
 */
const cleanerQueueMs = 5_000;

/**
 * Longest time in ms from *forgotten* to *erased* that the key topic's settings allow while the nudger runs:
 * the worst case of compaction with the nudger's own pace for appends, the cleaner's work, and the time until
 * it has looked. Null: unbounded.
 */
export function erasureBoundMs(timings: KeyTopicTimings): number | null {
  const defaults = readCleanupSettings({ 'cleanup.policy': 'compact' });
  const { worstCaseMs } = compactWorstCase(
    { ...defaults, ...timings },
    { gapMs: nudgerGapMs(timings), queueMs: cleanerQueueMs },
  );
  return worstCaseMs === null ? null : worstCaseMs + observationMs(timings);
}
