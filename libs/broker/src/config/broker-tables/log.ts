import { accepted, served, type BrokerConfigDefinition } from '../broker-definition.js';
import { atLeast } from '../value-check.js';

/** The log: cleaner, retention, checkpoints, directories. */
export const logTable: readonly BrokerConfigDefinition[] = [
  served('log.cleaner.backoff.ms', 'long', '15000', 'How long the cleaner sleeps when no log needs it.', {
    check: atLeast(0),
    update: 'cluster-wide',
  }),
  served(
    'log.cleaner.dedupe.buffer.size',
    'long',
    '134217728',
    'Memory that one cleaning pass may use for its map of keys.',
    { update: 'cluster-wide' },
  ),
  served('log.cleaner.enable', 'boolean', 'true', 'Whether compacted topics are cleaned at all.'),
  served('log.cleaner.io.buffer.load.factor', 'double', '0.9', 'How full the map of keys may get.', {
    update: 'cluster-wide',
  }),
  accepted('log.cleaner.io.buffer.size', 'int', '524288', { check: atLeast(0), update: 'cluster-wide' }),
  served(
    'log.cleaner.io.max.bytes.per.second',
    'double',
    '1.7976931348623157E308',
    'What the cleaner may read and write together.',
    { update: 'cluster-wide' },
  ),
  served('log.cleaner.threads', 'int', '1', 'Shares out the map of keys; one log is cleaned at a time.', {
    check: atLeast(0),
    update: 'cluster-wide',
  }),
  served('log.dir', 'string', '/tmp/kafka-logs', 'The data directory where log.dirs is not given.'),
  accepted('log.dir.failure.timeout.ms', 'long', '30000', { check: atLeast(1) }),
  served('log.dirs', 'string', null, 'The data directory.'),
  served(
    'log.flush.offset.checkpoint.interval.ms',
    'int',
    '60000',
    'How often the recovery points are written down.',
    { check: atLeast(0) },
  ),
  served(
    'log.flush.start.offset.checkpoint.interval.ms',
    'int',
    '60000',
    'How often the log starts are written down.',
    { check: atLeast(0) },
  ),
  served(
    'log.initial.task.delay.ms',
    'long',
    '30000',
    'How long after the start retention, checkpoints and the removal of deleted logs begin.',
    { check: atLeast(0), internal: true },
  ),
  served(
    'log.retention.check.interval.ms',
    'long',
    '300000',
    'How often logs are looked at for segments to delete.',
    { check: atLeast(1) },
  ),
  served(
    'num.recovery.threads.per.data.dir',
    'int',
    '2',
    'How many logs are opened at a time at the start.',
    { check: atLeast(1), update: 'cluster-wide' },
  ),
  served(
    'producer.id.expiration.check.interval.ms',
    'int',
    '600000',
    'How often producers that have been silent for too long are looked for.',
    { check: atLeast(1), internal: true },
  ),
  served(
    'producer.id.expiration.ms',
    'int',
    '86400000',
    "How long a producer's sequence numbers are remembered after its last batch.",
    { check: atLeast(1), update: 'cluster-wide' },
  ),
];
