import type { ConfigDefinition, ConfigType } from './definition.js';
import { atLeast, between, gzipLevel, oneOf, throttledReplicas } from './value-check.js';

/** A topic's setting and the broker settings that hold its default, most specific first (ServerTopicConfigSynonyms). */
export interface TopicConfigDefinition extends ConfigDefinition {
  readonly synonyms: readonly string[];
  /** Not shown by DescribeConfigs. */
  readonly internal: boolean;
}

type Rest = Partial<Omit<TopicConfigDefinition, 'name' | 'type' | 'defaultValue'>> & {
  readonly about: string;
};

function topic(
  name: string,
  type: ConfigType,
  defaultValue: string | null,
  rest: Rest,
): TopicConfigDefinition {
  return { name, type, defaultValue, synonyms: [], hasEffect: true, internal: false, ...rest };
}

/** Kafka 4.1.1's topic settings: LogConfig's names, types, defaults and rules. */
export const topicDefinitions: readonly TopicConfigDefinition[] = [
  topic('cleanup.policy', 'list', 'delete', {
    check: oneOf('compact', 'delete'),
    synonyms: ['log.cleanup.policy'],
    about:
      'delete: old segments are deleted by time and size; compact: the last record of each key is kept; both may be set.',
  }),
  topic('compression.gzip.level', 'int', '-1', {
    check: gzipLevel,
    synonyms: ['compression.gzip.level'],
    about: 'The level for gzip when compression.type is gzip.',
  }),
  topic('compression.lz4.level', 'int', '9', {
    check: between(1, 17),
    synonyms: ['compression.lz4.level'],
    // The codec in use knows one level only.
    hasEffect: false,
    about:
      'The level for lz4 when compression.type is lz4. Kept and shown; this broker packs lz4 at its fastest.',
  }),
  topic('compression.type', 'string', 'producer', {
    check: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    synonyms: ['compression.type'],
    about: 'How records are stored: as the producer compressed them (producer), or compressed again.',
  }),
  topic('compression.zstd.level', 'int', '3', {
    check: between(-131072, 22),
    synonyms: ['compression.zstd.level'],
    about: 'The level for zstd when compression.type is zstd.',
  }),
  topic('delete.retention.ms', 'long', '86400000', {
    check: atLeast(0),
    synonyms: ['log.cleaner.delete.retention.ms'],
    about:
      'How long tombstones, and transaction markers, outlive the pass that could have removed them, so that readers see them.',
  }),
  topic('file.delete.delay.ms', 'long', '60000', {
    check: atLeast(0),
    synonyms: ['log.segment.delete.delay.ms'],
    about: 'How long the files of a deleted segment stay on disk, renamed.',
  }),
  topic('flush.messages', 'long', '9223372036854775807', {
    check: atLeast(1),
    synonyms: ['log.flush.interval.messages'],
    about:
      'After how many records the log is forced to disk. This broker syncs whatever was written with acks=all before it answers.',
  }),
  topic('flush.ms', 'long', '9223372036854775807', {
    check: atLeast(0),
    synonyms: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    about:
      'After what time the log is forced to disk. This broker syncs whatever was written with acks=all before it answers.',
  }),
  topic('follower.replication.throttled.replicas', 'list', '', {
    check: throttledReplicas,
    hasEffect: false,
    about: 'Replicas whose followers are slowed down.',
  }),
  topic('index.interval.bytes', 'int', '4096', {
    check: atLeast(0),
    synonyms: ['log.index.interval.bytes'],
    about: 'How many bytes of records lie between two entries of the offset index.',
  }),
  topic('internal.segment.bytes', 'int', null, {
    internal: true,
    about: 'The segment size without its lower bound; for tests.',
  }),
  topic('leader.replication.throttled.replicas', 'list', '', {
    check: throttledReplicas,
    hasEffect: false,
    about: 'Replicas whose leaders are slowed down.',
  }),
  topic('local.retention.bytes', 'long', '-2', {
    check: atLeast(-2),
    synonyms: ['log.local.retention.bytes'],
    hasEffect: false,
    about: 'Bytes kept locally of a tiered log.',
  }),
  topic('local.retention.ms', 'long', '-2', {
    check: atLeast(-2),
    synonyms: ['log.local.retention.ms'],
    hasEffect: false,
    about: 'Time kept locally of a tiered log.',
  }),
  topic('max.compaction.lag.ms', 'long', '9223372036854775807', {
    check: atLeast(1),
    synonyms: ['log.cleaner.max.compaction.lag.ms'],
    about: 'A record is compacted at the latest so long after it was written; it also makes segments roll.',
  }),
  topic('max.message.bytes', 'int', '1048588', {
    check: atLeast(0),
    synonyms: ['message.max.bytes'],
    about: 'The largest batch of records that is taken.',
  }),
  topic('message.timestamp.after.max.ms', 'long', '3600000', {
    check: atLeast(0),
    synonyms: ['log.message.timestamp.after.max.ms'],
    about: "How far a record's timestamp may lie after the broker's clock.",
  }),
  topic('message.timestamp.before.max.ms', 'long', '9223372036854775807', {
    check: atLeast(0),
    synonyms: ['log.message.timestamp.before.max.ms'],
    about: "How far a record's timestamp may lie before the broker's clock.",
  }),
  topic('message.timestamp.type', 'string', 'CreateTime', {
    check: oneOf('CreateTime', 'LogAppendTime'),
    synonyms: ['log.message.timestamp.type'],
    about: "Whether records carry the producer's time (CreateTime) or the broker's (LogAppendTime).",
  }),
  topic('min.cleanable.dirty.ratio', 'double', '0.5', {
    check: between(0, 1),
    synonyms: ['log.cleaner.min.cleanable.ratio'],
    about: 'The share of a log that must be uncompacted before the cleaner takes it up.',
  }),
  topic('min.compaction.lag.ms', 'long', '0', {
    check: atLeast(0),
    synonyms: ['log.cleaner.min.compaction.lag.ms'],
    about: 'A record is never compacted away earlier than so long after it was written.',
  }),
  topic('min.insync.replicas', 'int', '1', {
    check: atLeast(1),
    synonyms: ['min.insync.replicas'],
    about:
      'How many replicas must be in sync for a write with acks=all. More than 1 cannot be met by one broker.',
  }),
  topic('preallocate', 'boolean', 'false', {
    synonyms: ['log.preallocate'],
    hasEffect: false,
    about: 'Whether the file of a new segment takes its full size at once.',
  }),
  topic('remote.log.copy.disable', 'boolean', 'false', {
    hasEffect: false,
    about: 'Stops copying a tiered log to the remote storage.',
  }),
  topic('remote.log.delete.on.disable', 'boolean', 'false', {
    hasEffect: false,
    about: 'Whether turning tiering off deletes what the remote storage holds.',
  }),
  topic('remote.storage.enable', 'boolean', 'false', {
    hasEffect: false,
    about: 'Tiered storage; refused, because the broker has none.',
  }),
  topic('retention.bytes', 'long', '-1', {
    synonyms: ['log.retention.bytes'],
    about: 'How large a partition may grow before its oldest segments are deleted; -1 for no bound.',
  }),
  topic('retention.ms', 'long', '604800000', {
    check: atLeast(-1),
    synonyms: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    about: 'How long records are kept under the policy delete; -1 for ever.',
  }),
  topic('segment.bytes', 'int', '1073741824', {
    check: atLeast(1048576),
    synonyms: ['log.segment.bytes'],
    about: 'The size at which a segment rolls.',
  }),
  topic('segment.index.bytes', 'int', '10485760', {
    check: atLeast(4),
    synonyms: ['log.index.size.max.bytes'],
    about: 'The largest size of an index file; a full index rolls the segment.',
  }),
  topic('segment.jitter.ms', 'long', '0', {
    check: atLeast(0),
    synonyms: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    about: 'The most that is taken off segment.ms by chance, so that segments do not roll all at once.',
  }),
  topic('segment.ms', 'long', '604800000', {
    check: atLeast(1),
    synonyms: ['log.roll.ms', 'log.roll.hours'],
    about: 'The age, by the timestamps of its records, at which the next append rolls a segment.',
  }),
  topic('unclean.leader.election.enable', 'boolean', 'false', {
    synonyms: ['unclean.leader.election.enable'],
    hasEffect: false,
    about: 'Whether a replica that is behind may become leader.',
  }),
];
