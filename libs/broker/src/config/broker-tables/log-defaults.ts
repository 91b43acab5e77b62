import { accepted, served, type BrokerConfigDefinition } from '../broker-definition.js';
import { atLeast, between, gzipLevel, oneOf } from '../value-check.js';

/** The broker's defaults of topic settings: what each does stands in the topic table. */
export const logDefaultsTable: readonly BrokerConfigDefinition[] = [
  served('compression.gzip.level', 'int', '-1', 'The default of the topic setting compression.gzip.level.', {
    check: gzipLevel,
    update: 'cluster-wide',
  }),
  accepted('compression.lz4.level', 'int', '9', { check: between(1, 17), update: 'cluster-wide' }),
  served('compression.type', 'string', 'producer', 'The default of the topic setting compression.type.', {
    check: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    update: 'cluster-wide',
  }),
  served('compression.zstd.level', 'int', '3', 'The default of the topic setting compression.zstd.level.', {
    check: between(-131072, 22),
    update: 'cluster-wide',
  }),
  served(
    'log.cleaner.delete.retention.ms',
    'long',
    '86400000',
    'The default of the topic setting delete.retention.ms.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served(
    'log.cleaner.max.compaction.lag.ms',
    'long',
    '9223372036854775807',
    'The default of the topic setting max.compaction.lag.ms.',
    { check: atLeast(1), update: 'cluster-wide' },
  ),
  served(
    'log.cleaner.min.cleanable.ratio',
    'double',
    '0.5',
    'The default of the topic setting min.cleanable.dirty.ratio.',
    { check: between(0, 1), update: 'cluster-wide' },
  ),
  served(
    'log.cleaner.min.compaction.lag.ms',
    'long',
    '0',
    'The default of the topic setting min.compaction.lag.ms.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served('log.cleanup.policy', 'list', 'delete', 'The default of the topic setting cleanup.policy.', {
    check: oneOf('compact', 'delete'),
    update: 'cluster-wide',
  }),
  served(
    'log.flush.interval.messages',
    'long',
    '9223372036854775807',
    'The default of the topic setting flush.messages.',
    { check: atLeast(1), update: 'cluster-wide' },
  ),
  served('log.flush.interval.ms', 'long', null, 'The default of the topic setting flush.ms.', {
    update: 'cluster-wide',
  }),
  served(
    'log.flush.scheduler.interval.ms',
    'long',
    '9223372036854775807',
    'How often to look for logs whose last sync is flush.ms ago; the first look is after log.initial.task.delay.ms.',
  ),
  served(
    'log.index.interval.bytes',
    'int',
    '4096',
    'The default of the topic setting index.interval.bytes.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served(
    'log.index.size.max.bytes',
    'int',
    '10485760',
    'The default of the topic setting segment.index.bytes.',
    { check: atLeast(4), update: 'cluster-wide' },
  ),
  accepted('log.local.retention.bytes', 'long', '-2', { check: atLeast(-2), update: 'cluster-wide' }),
  accepted('log.local.retention.ms', 'long', '-2', { check: atLeast(-2), update: 'cluster-wide' }),
  served(
    'log.message.timestamp.after.max.ms',
    'long',
    '3600000',
    'The default of the topic setting message.timestamp.after.max.ms.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served(
    'log.message.timestamp.before.max.ms',
    'long',
    '9223372036854775807',
    'The default of the topic setting message.timestamp.before.max.ms.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served(
    'log.message.timestamp.type',
    'string',
    'CreateTime',
    'The default of the topic setting message.timestamp.type.',
    { check: oneOf('CreateTime', 'LogAppendTime'), update: 'cluster-wide' },
  ),
  accepted('log.preallocate', 'boolean', 'false', { update: 'cluster-wide' }),
  served('log.retention.bytes', 'long', '-1', 'The default of the topic setting retention.bytes.', {
    update: 'cluster-wide',
  }),
  served('log.retention.hours', 'int', '168', 'The default of the topic setting retention.ms.'),
  served('log.retention.minutes', 'int', null, 'The default of the topic setting retention.ms.'),
  served('log.retention.ms', 'long', null, 'The default of the topic setting retention.ms.', {
    update: 'cluster-wide',
  }),
  served('log.roll.hours', 'int', '168', 'The default of the topic setting segment.ms.', {
    check: atLeast(1),
  }),
  served('log.roll.jitter.hours', 'int', '0', 'The default of the topic setting segment.jitter.ms.', {
    check: atLeast(0),
  }),
  served('log.roll.jitter.ms', 'long', null, 'The default of the topic setting segment.jitter.ms.', {
    update: 'cluster-wide',
  }),
  served('log.roll.ms', 'long', null, 'The default of the topic setting segment.ms.', {
    update: 'cluster-wide',
  }),
  served('log.segment.bytes', 'int', '1073741824', 'The default of the topic setting segment.bytes.', {
    check: atLeast(1048576),
    update: 'cluster-wide',
  }),
  served(
    'log.segment.delete.delay.ms',
    'long',
    '60000',
    'The default of the topic setting file.delete.delay.ms.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served('message.max.bytes', 'int', '1048588', 'The default of the topic setting max.message.bytes.', {
    check: atLeast(0),
    update: 'cluster-wide',
  }),
  served('min.insync.replicas', 'int', '1', 'The default of the topic setting min.insync.replicas.', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('unclean.leader.election.enable', 'boolean', 'false', { update: 'cluster-wide' }),
];
