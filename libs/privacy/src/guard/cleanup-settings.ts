import { PrivacyError } from '../errors.js';
import { durationSettings, knownSettingNames, largestValueOf, textSettings } from './setting-names.js';

/** Everything about one topic that a formula or a rule of the guard reads. Times in ms; Infinity is unbounded. */
export interface CleanupSettings {
  readonly deletes: boolean;
  readonly compacts: boolean;
  readonly segmentMs: number;
  readonly retentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  readonly timestampAfterMaxMs: number;
  readonly retentionCheckIntervalMs: number;
  readonly cleanerBackoffMs: number;
  readonly transactionMaxTimeoutMs: number;
  readonly logAppendTime: boolean;
  readonly minCleanableDirtyRatio: number;
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElection: boolean;
  readonly remoteStorage: boolean;
  readonly cleanerEnabled: boolean;
}

type Configs = Readonly<Record<string, string>>;

/**
 * Reads settings by Kafka's names: the topic's value, else the broker's synonym, else Kafka's default.
 * Throws PrivacyError GUARD_SETTING_INVALID for a value that Kafka would not take either.
 */
export function readCleanupSettings(topic: Configs, broker: Configs = {}): CleanupSettings {
  const text = (name: keyof typeof textSettings): string => {
    const setting = textSettings[name];
    return topic[setting.topic] || topic[setting.broker] || broker[setting.broker] || setting.fallback;
  };
  const policies = readPolicies(text('cleanupPolicy'));
  return {
    ...readDurations(topic, broker),
    deletes: policies.has('delete'),
    compacts: policies.has('compact'),
    logAppendTime: oneOf('message.timestamp.type', text('timestampType'), 'LogAppendTime', 'CreateTime'),
    minCleanableDirtyRatio: readRatio(text('minCleanableDirtyRatio')),
    minInsyncReplicas: readDuration('min.insync.replicas', text('minInsyncReplicas'), 1),
    uncleanLeaderElection: readBoolean('uncleanLeaderElection', text('uncleanLeaderElection')),
    remoteStorage: readBoolean('remoteStorage', text('remoteStorage')),
    cleanerEnabled: readBoolean('cleanerEnabled', text('cleanerEnabled')),
  };
}

/** Throws PrivacyError GUARD_SETTING_UNKNOWN for a name that has no say in how long bytes live. */
export function assertKnownSettings(names: Iterable<string>): void {
  const known = knownSettingNames();
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new PrivacyError(
      'GUARD_SETTING_UNKNOWN',
      `${name.slice(0, 80)} does not decide how long bytes live in a log. Known: ${known.join(', ')}.`,
    );
  }
}

/**
 * Throws PrivacyError GUARD_SETTING_INVALID for settings that are valid one by one and that Kafka does not take together
 * (LogConfig.validateValues of 4.1.1).
 */
export function assertConsistent({ minCompactionLagMs, maxCompactionLagMs }: CleanupSettings): void {
  if (minCompactionLagMs <= maxCompactionLagMs) return;
  throw new PrivacyError(
    'GUARD_SETTING_INVALID',
    `min.compaction.lag.ms=${minCompactionLagMs} is above max.compaction.lag.ms=${maxCompactionLagMs}: the broker rejects that. Lower the first or raise the second.`,
  );
}

type Durations = { readonly [name in keyof typeof durationSettings]: number };

function readDurations(topic: Configs, broker: Configs): Durations {
  const read = (name: keyof Durations): number => {
    const setting = durationSettings[name];
    for (const configs of [topic, broker]) {
      const candidates: readonly (readonly [string, number])[] = [[setting.topic, 1], ...setting.broker];
      for (const [configName, unitMs] of candidates) {
        const value = configs[configName];
        if (value) return readDuration(configName, value, setting.least) * unitMs;
      }
    }
    return setting.fallback;
  };
  return {
    segmentMs: read('segmentMs'),
    retentionMs: unlimited(read('retentionMs')),
    fileDeleteDelayMs: read('fileDeleteDelayMs'),
    minCompactionLagMs: read('minCompactionLagMs'),
    maxCompactionLagMs: read('maxCompactionLagMs'),
    deleteRetentionMs: read('deleteRetentionMs'),
    timestampAfterMaxMs: read('timestampAfterMaxMs'),
    retentionCheckIntervalMs: read('retentionCheckIntervalMs'),
    cleanerBackoffMs: read('cleanerBackoffMs'),
    transactionMaxTimeoutMs: read('transactionMaxTimeoutMs'),
  };
}

/** −1 is Kafka's "no limit", in whichever unit it was written. */
function unlimited(ms: number): number {
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

/** A whole number of at least `least`. What a double cannot hold exactly (Long.MAX) counts as infinity: 285,000 years. */
function readDuration(name: string, value: string, least: number): number {
  const number = /^-?\d{1,19}$/.test(value.trim()) ? BigInt(value.trim()) : null;
  const most = largestValueOf(name);
  if (number === null || number < BigInt(least))
    throw invalid(name, value, `a whole number of at least ${least}`);
  if (number > most) throw invalid(name, value, `at most ${most}, the largest that Kafka takes`);
  return number > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : Number(number);
}

function readPolicies(value: string): ReadonlySet<string> {
  const policies = new Set(value.split(',').map((policy) => policy.trim()));
  for (const policy of policies) {
    if (policy !== 'delete' && policy !== 'compact')
      throw invalid('cleanup.policy', value, 'delete, compact or both');
  }
  return policies;
}

function readRatio(value: string): number {
  const ratio = value.trim() === '' ? Number.NaN : Number(value);
  if (!(ratio >= 0 && ratio <= 1))
    throw invalid('min.cleanable.dirty.ratio', value, 'a number between 0 and 1');
  return ratio;
}

function readBoolean(name: keyof typeof textSettings, value: string): boolean {
  return oneOf(textSettings[name].topic, value.toLowerCase(), 'true', 'false');
}

function oneOf(name: string, value: string, yes: string, no: string): boolean {
  if (value !== yes && value !== no) throw invalid(name, value, `${yes} or ${no}`);
  return value === yes;
}

function invalid(name: string, value: string, expected: string): PrivacyError {
  return new PrivacyError(
    'GUARD_SETTING_INVALID',
    `${name}=${value.slice(0, 40)} is not valid. Give ${expected}.`,
  );
}
