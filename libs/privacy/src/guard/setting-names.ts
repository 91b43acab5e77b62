/**
 * What decides how long bytes live in a log, under Kafka's topic names, with the broker's synonyms (Kafka 4.1.1,
 * ServerTopicConfigSynonyms) and Kafka's defaults. Times in ms.
 */
export const durationSettings = {
  segmentMs: {
    topic: 'segment.ms',
    broker: [
      ['log.roll.ms', 1],
      ['log.roll.hours', 3_600_000],
    ],
    fallback: 604_800_000,
    least: 1,
  },
  retentionMs: {
    topic: 'retention.ms',
    broker: [
      ['log.retention.ms', 1],
      ['log.retention.minutes', 60_000],
      ['log.retention.hours', 3_600_000],
    ],
    fallback: 604_800_000,
    least: -1,
  },
  fileDeleteDelayMs: {
    topic: 'file.delete.delay.ms',
    broker: [['log.segment.delete.delay.ms', 1]],
    fallback: 60_000,
    least: 0,
  },
  minCompactionLagMs: {
    topic: 'min.compaction.lag.ms',
    broker: [['log.cleaner.min.compaction.lag.ms', 1]],
    fallback: 0,
    least: 0,
  },
  maxCompactionLagMs: {
    topic: 'max.compaction.lag.ms',
    broker: [['log.cleaner.max.compaction.lag.ms', 1]],
    fallback: Number.POSITIVE_INFINITY,
    least: 1,
  },
  deleteRetentionMs: {
    topic: 'delete.retention.ms',
    broker: [['log.cleaner.delete.retention.ms', 1]],
    fallback: 86_400_000,
    least: 0,
  },
  timestampAfterMaxMs: {
    topic: 'message.timestamp.after.max.ms',
    broker: [
      ['log.message.timestamp.after.max.ms', 1],
      // Before Kafka 3.6 one limit for both directions.
      ['message.timestamp.difference.max.ms', 1],
      ['log.message.timestamp.difference.max.ms', 1],
    ],
    fallback: 3_600_000,
    least: 0,
  },
  retentionCheckIntervalMs: {
    topic: 'log.retention.check.interval.ms',
    broker: [],
    fallback: 300_000,
    least: 1,
  },
  cleanerBackoffMs: { topic: 'log.cleaner.backoff.ms', broker: [], fallback: 15_000, least: 0 },
  transactionMaxTimeoutMs: { topic: 'transaction.max.timeout.ms', broker: [], fallback: 900_000, least: 1 },
} as const satisfies Record<
  string,
  {
    topic: string;
    broker: readonly (readonly [name: string, unitMs: number])[];
    fallback: number;
    least: number;
  }
>;

export const textSettings = {
  cleanupPolicy: { topic: 'cleanup.policy', broker: 'log.cleanup.policy', fallback: 'delete' },
  timestampType: {
    topic: 'message.timestamp.type',
    broker: 'log.message.timestamp.type',
    fallback: 'CreateTime',
  },
  minCleanableDirtyRatio: {
    topic: 'min.cleanable.dirty.ratio',
    broker: 'log.cleaner.min.cleanable.ratio',
    fallback: '0.5',
  },
  minInsyncReplicas: { topic: 'min.insync.replicas', broker: 'min.insync.replicas', fallback: '1' },
  uncleanLeaderElection: {
    topic: 'unclean.leader.election.enable',
    broker: 'unclean.leader.election.enable',
    fallback: 'false',
  },
  remoteStorage: { topic: 'remote.storage.enable', broker: 'remote.storage.enable', fallback: 'false' },
  cleanerEnabled: { topic: 'log.cleaner.enable', broker: 'log.cleaner.enable', fallback: 'true' },
} as const;

/** Settings that bound size, not time: known, and without a term in a formula. */
const sizeSettings = [
  'retention.bytes',
  'log.retention.bytes',
  'segment.bytes',
  'log.segment.bytes',
  'segment.jitter.ms',
  'log.roll.jitter.ms',
];

/** Kafka reads these as Java's int (ServerConfigs, ServerLogConfigs of 4.1.1), all other times as long. */
const intSettings: readonly string[] = [
  'log.roll.hours',
  'log.retention.hours',
  'log.retention.minutes',
  'transaction.max.timeout.ms',
  'min.insync.replicas',
];

/** The largest number that Kafka takes for this setting. */
export function largestValueOf(name: string): bigint {
  return intSettings.includes(name) ? 2n ** 31n - 1n : 2n ** 63n - 1n;
}

/** Every name that a guard understands, sorted. */
export function knownSettingNames(): readonly string[] {
  const names = new Set<string>(sizeSettings);
  for (const { topic, broker } of Object.values(durationSettings)) {
    names.add(topic);
    for (const [name] of broker) names.add(name);
  }
  for (const { topic, broker } of Object.values(textSettings)) names.add(topic).add(broker);
  return [...names].sort();
}
