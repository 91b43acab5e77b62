import { compactWorstCase, type BoundTerm } from '../guard/worst-case.js';
import { nudgerGapMs, observationMs, type KeyTopicTimings } from '../nudger/timing.js';
import { readCleanupSettings } from '../guard/cleanup-settings.js';

/**
 * Q of the formula: how long the key topic may queue for a cleaner thread and be cleaned, in ms. Kafka gives no bound;
 * this is ten times what cold 4.1.1 brokers on a busy two-core machine took for a key topic's first pass.
 */
const cleanerQueueMs = 5_000;

/** A bound and its summands. Times in ms; null is unbounded. */
export interface ErasureBound {
  readonly ms: number | null;
  readonly terms: readonly BoundTerm[];
}

/**
 * Longest time from *forgotten* to *erased* that the key topic's settings allow while the nudger runs and every replica is up:
 * the worst case of compaction with the nudger's own pace for appends, the cleaner's work, and the time until it has looked.
 */
export function erasureBound(timings: KeyTopicTimings): ErasureBound {
  const defaults = readCleanupSettings({ 'cleanup.policy': 'compact' });
  const { worstCaseMs, terms } = compactWorstCase(
    { ...defaults, ...timings },
    { gapMs: nudgerGapMs(timings), queueMs: cleanerQueueMs },
  );
  const looked = { name: 'nudger looks', setting: "the nudger's pace", ms: observationMs(timings) };
  return { ms: worstCaseMs === null ? null : worstCaseMs + looked.ms, terms: [...terms, looked] };
}

/** The bound alone, in ms. */
export function erasureBoundMs(timings: KeyTopicTimings): number | null {
  return erasureBound(timings).ms;
}
