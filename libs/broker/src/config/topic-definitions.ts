import type { ConfigDefinition } from './definition.js';

/** A topic's setting and the broker settings that hold its default, most specific first; `factor` turns theirs into its unit. */
export interface TopicConfigDefinition extends ConfigDefinition {
  readonly synonyms: readonly { readonly name: string; readonly factor: number }[];
}

const longMax = '9223372036854775807';
const singleNode = 'this broker has one node and no remote storage';

function topic(
  definition: ConfigDefinition,
  ...synonyms: readonly (string | { readonly name: string; readonly factor: number })[]
): TopicConfigDefinition {
  return {
    ...definition,
    synonyms: synonyms.map((synonym) =>
      typeof synonym === 'string' ? { name: synonym, factor: 1 } : synonym,
    ),
  };
}

const minutes = 60_000;
const hours = 3_600_000;

/**
 * Kafka 4.1's topic settings (TopicConfig, LogConfig and ServerTopicConfigSynonyms): names, types, ranges, defaults.
 * `onlyDefault` marks what this broker does not do; setting it to anything else is refused rather than ignored.
 */
export const topicDefinitions: readonly TopicConfigDefinition[] = [
  topic(
    { name: 'cleanup.policy', type: 'list', defaultValue: 'delete', oneOf: ['delete', 'compact'] },
    'log.cleanup.policy',
  ),
  topic(
    {
      name: 'compression.type',
      type: 'string',
      defaultValue: 'producer',
      oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
      onlyDefault: 'batches are kept as the producer compressed them',
    },
    'compression.type',
  ),
  topic(
    { name: 'delete.retention.ms', type: 'long', defaultValue: '86400000', min: 0 },
    'log.cleaner.delete.retention.ms',
  ),
  topic(
    { name: 'file.delete.delay.ms', type: 'long', defaultValue: '60000', min: 0 },
    'log.segment.delete.delay.ms',
  ),
  topic(
    {
      name: 'flush.messages',
      type: 'long',
      defaultValue: longMax,
      min: 1,
      onlyDefault: 'acks=all is always synced',
    },
    'log.flush.interval.messages',
  ),
  topic(
    {
      name: 'flush.ms',
      type: 'long',
      defaultValue: longMax,
      min: 0,
      onlyDefault: 'acks=all is always synced',
    },
    'log.flush.interval.ms',
  ),
  topic(
    { name: 'index.interval.bytes', type: 'int', defaultValue: '4096', min: 0 },
    'log.index.interval.bytes',
  ),
  topic(
    { name: 'max.compaction.lag.ms', type: 'long', defaultValue: longMax, min: 1 },
    'log.cleaner.max.compaction.lag.ms',
  ),
  topic({ name: 'max.message.bytes', type: 'int', defaultValue: '1048588', min: 0 }, 'message.max.bytes'),
  topic(
    { name: 'message.timestamp.after.max.ms', type: 'long', defaultValue: '3600000', min: 0 },
    'log.message.timestamp.after.max.ms',
  ),
  topic(
    { name: 'message.timestamp.before.max.ms', type: 'long', defaultValue: longMax, min: 0 },
    'log.message.timestamp.before.max.ms',
  ),
  topic(
    {
      name: 'message.timestamp.type',
      type: 'string',
      defaultValue: 'CreateTime',
      oneOf: ['CreateTime', 'LogAppendTime'],
    },
    'log.message.timestamp.type',
  ),
  topic(
    { name: 'min.cleanable.dirty.ratio', type: 'double', defaultValue: '0.5', min: 0, max: 1 },
    'log.cleaner.min.cleanable.ratio',
  ),
  topic(
    { name: 'min.compaction.lag.ms', type: 'long', defaultValue: '0', min: 0 },
    'log.cleaner.min.compaction.lag.ms',
  ),
  topic({ name: 'min.insync.replicas', type: 'int', defaultValue: '1', min: 1 }, 'min.insync.replicas'),
  topic(
    {
      name: 'preallocate',
      type: 'boolean',
      defaultValue: 'false',
      onlyDefault: 'segments grow as they are written',
    },
    'log.preallocate',
  ),
  topic({ name: 'remote.storage.enable', type: 'boolean', defaultValue: 'false', onlyDefault: singleNode }),
  topic({ name: 'retention.bytes', type: 'long', defaultValue: '-1', min: -1 }, 'log.retention.bytes'),
  topic(
    { name: 'retention.ms', type: 'long', defaultValue: '604800000', min: -1 },
    'log.retention.ms',
    { name: 'log.retention.minutes', factor: minutes },
    { name: 'log.retention.hours', factor: hours },
  ),
  topic(
    { name: 'segment.bytes', type: 'int', defaultValue: '1073741824', min: 1_048_576 },
    'log.segment.bytes',
  ),
  topic(
    { name: 'segment.index.bytes', type: 'int', defaultValue: '10485760', min: 4 },
    'log.index.size.max.bytes',
  ),
  topic(
    {
      name: 'segment.jitter.ms',
      type: 'long',
      defaultValue: '0',
      min: 0,
      onlyDefault: 'segments roll without jitter',
    },
    'log.roll.jitter.ms',
  ),
  topic({ name: 'segment.ms', type: 'long', defaultValue: '604800000', min: 1 }, 'log.roll.ms', {
    name: 'log.roll.hours',
    factor: hours,
  }),
  topic(
    { name: 'unclean.leader.election.enable', type: 'boolean', defaultValue: 'false' },
    'unclean.leader.election.enable',
  ),
];
