import { compactWorstCase } from '../guard/worst-case.js';
import { nudgerGapMs, observationMs, type KeyTopicTimings } from '../nudger/timing.js';
import { readCleanupSettings } from '../guard/cleanup-settings.js';

/**
 * Longest time in ms from *forgotten* to *erased* that the key topic's settings allow while the nudger runs:
 * the worst case of compaction with the nudger's own pace for appends, and the time until it has looked. Null: unbounded.
 */
export function erasureBoundMs(timings: KeyTopicTimings): number | null {
  const defaults = readCleanupSettings({ 'cleanup.policy': 'compact' });
  const { worstCaseMs } = compactWorstCase({ ...defaults, ...timings }, { gapMs: nudgerGapMs(timings) });
  return worstCaseMs === null ? null : worstCaseMs + observationMs(timings);
}
