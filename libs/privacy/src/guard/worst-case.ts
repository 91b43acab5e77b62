import type { CleanupSettings } from './cleanup-settings.js';

/** One summand of a worst case and the Kafka setting that it comes from. `ms` is null when it is unbounded. */
export interface BoundTerm {
  readonly name: string;
  readonly setting: string;
  readonly ms: number | null;
}

/** The longest a byte can stay, and what it is made of: the terms add up to it. Times in ms; null is unbounded. */
export interface WorstCase {
  readonly worstCaseMs: number | null;
  /** For compaction: until the tombstone itself is gone. Null without compaction too. */
  readonly tombstoneWorstCaseMs: number | null;
  readonly terms: readonly BoundTerm[];
}

/** What the formulas need besides settings. Times in ms. */
export interface LogUse {
  /** Longest pause between two appends to one partition; Infinity (the default) is idle. */
  readonly gapMs?: number;
  /** Whether producers with transactions write to the topic. */
  readonly openTransactions?: boolean;
  /** The cleaner's queue and pass time: 0 by default. */
  readonly queueMs?: number;
}

interface Term {
  readonly name: string;
  readonly setting: string;
  readonly ms: number;
}

/** Kafka aborts a transaction that timed out in a sweep every 10 s (transaction.abort.timed.out.transaction.cleanup.interval.ms). */
export const abortSweepMs = 10_000;

/**
 * From append to unlink under cleanup.policy=delete: a client's clock ahead of ours, the segment's roll, retention,
 * the check's interval, and the delay before the renamed file is unlinked (UnifiedLog.deleteRetentionMsBreachedSegments,
 * LocalLog.deleteSegmentFiles of Kafka 4.1.1).
 */
export function deleteWorstCase(settings: CleanupSettings, use: LogUse = {}): WorstCase {
  const terms = [
    timestampTerm(settings),
    { name: 'segment rolls', setting: 'segment.ms', ms: settings.segmentMs },
    { name: 'retention', setting: 'retention.ms', ms: settings.retentionMs },
    retentionCheckTerm(settings, use),
    unlinkTerm(settings),
  ];
  return { worstCaseMs: sum(terms), tombstoneWorstCaseMs: null, terms: terms.map(shown) };
}

/**
 * From tombstone to unlink of the earlier value under cleanup.policy=compact (LogCleanerManager of Kafka 4.1.1):
 * the log must roll, outlive min.compaction.lag.ms and be picked by the cleaner, whichever takes longest.
 * The tombstone itself leaves in a second pass after delete.retention.ms.
 */
export function compactWorstCase(settings: CleanupSettings, use: LogUse = {}): WorstCase {
  const eligible = longest(eligibleAfter(settings, use));
  const pass = [backoffTerm(settings), queueTerm(use)];
  const terms = [timestampTerm(settings), ...eligible, ...pass, unlinkTerm(settings)];
  const onePass = total([timestampTerm(settings), ...eligible, ...pass]);
  const tombstone = 2 * onePass + settings.deleteRetentionMs + settings.fileDeleteDelayMs;
  return { worstCaseMs: sum(terms), tombstoneWorstCaseMs: finite(tombstone), terms: terms.map(shown) };
}

/** The setting that rolls a compacted segment, on append only (LogConfig.maxSegmentMs). */
export function rollTerm(settings: CleanupSettings): Term {
  return settings.segmentMs <= settings.maxCompactionLagMs
    ? { name: 'segment rolls', setting: 'segment.ms', ms: settings.segmentMs }
    : { name: 'segment rolls', setting: 'max.compaction.lag.ms', ms: settings.maxCompactionLagMs };
}

/** The time a transaction can hold the last stable offset, and with it the cleaner; 0 without transactions. */
export function transactionMs(settings: CleanupSettings, use: LogUse): number {
  return use.openTransactions ? settings.transactionMaxTimeoutMs + abortSweepMs : 0;
}

/** The three conditions that all must hold before a segment may be cleaned; the longest decides. */
function eligibleAfter(settings: CleanupSettings, use: LogUse): readonly (readonly Term[])[] {
  const roll = rollTerm(settings);
  const gap = {
    name: 'next append',
    setting: 'longest pause between appends',
    ms: use.gapMs ?? Number.POSITIVE_INFINITY,
  };
  const transaction = {
    name: 'open transaction',
    setting: 'transaction.max.timeout.ms',
    ms: transactionMs(settings, use),
  };
  const lag = { name: 'compaction lag', setting: 'min.compaction.lag.ms', ms: settings.minCompactionLagMs };
  const picked = {
    name: 'cleaner must pick it',
    setting: 'max.compaction.lag.ms',
    ms: settings.maxCompactionLagMs,
  };
  const conditions = [
    [roll, gap, transaction],
    [roll, lag],
  ];
  // With a ratio of 0 every log with something to clean is picked; else only a breached lag guarantees it.
  return settings.minCleanableDirtyRatio > 0 ? [...conditions, [picked]] : conditions;
}

function timestampTerm(settings: CleanupSettings): Term {
  return {
    name: 'timestamp ahead of the clock',
    setting: settings.logAppendTime
      ? 'message.timestamp.type=LogAppendTime'
      : 'message.timestamp.after.max.ms',
    ms: settings.logAppendTime ? 0 : settings.timestampAfterMaxMs,
  };
}

/** A log that also compacts is not in the retention check's list: the cleaner deletes its old segments (LogManager.cleanupLogs). */
function retentionCheckTerm(settings: CleanupSettings, use: LogUse): Term {
  const name = 'retention is checked';
  const cleanerMs = settings.compacts ? settings.cleanerBackoffMs + (use.queueMs ?? 0) : 0;
  return cleanerMs > settings.retentionCheckIntervalMs
    ? { name, setting: 'log.cleaner.backoff.ms', ms: cleanerMs }
    : { name, setting: 'log.retention.check.interval.ms', ms: settings.retentionCheckIntervalMs };
}

function backoffTerm(settings: CleanupSettings): Term {
  return { name: 'cleaner wakes', setting: 'log.cleaner.backoff.ms', ms: settings.cleanerBackoffMs };
}

function queueTerm(use: LogUse): Term {
  return { name: 'cleaner works', setting: "the cleaner's queue and pass", ms: use.queueMs ?? 0 };
}

function unlinkTerm(settings: CleanupSettings): Term {
  return { name: 'file is unlinked', setting: 'file.delete.delay.ms', ms: settings.fileDeleteDelayMs };
}

function longest(alternatives: readonly (readonly Term[])[]): readonly Term[] {
  return alternatives.reduce((best, terms) => (total(terms) > total(best) ? terms : best));
}

function total(terms: readonly Term[]): number {
  return terms.reduce((ms, term) => ms + term.ms, 0);
}

function sum(terms: readonly Term[]): number | null {
  return finite(total(terms));
}

function finite(ms: number): number | null {
  return Number.isSafeInteger(ms) ? ms : null;
}

function shown({ name, setting, ms }: Term): BoundTerm {
  return { name, setting, ms: finite(ms) };
}
