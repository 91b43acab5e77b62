import { accepted, served, type BrokerConfigDefinition } from '../broker-definition.js';
import { atLeast } from '../value-check.js';

/** Transactions and share groups. */
export const transactionAndShareTable: readonly BrokerConfigDefinition[] = [
  accepted('add.partitions.to.txn.retry.backoff.max.ms', 'int', '100', { check: atLeast(0) }),
  accepted('add.partitions.to.txn.retry.backoff.ms', 'int', '20', { check: atLeast(1) }),
  accepted('share.coordinator.append.linger.ms', 'int', '5', { check: atLeast(0) }),
  accepted('share.coordinator.cold.partition.snapshot.interval.ms', 'int', '300000', {
    check: atLeast(1),
    internal: true,
  }),
  accepted('share.coordinator.load.buffer.size', 'int', '5242880', { check: atLeast(1) }),
  accepted('share.coordinator.snapshot.update.records.per.snapshot', 'int', '500', { check: atLeast(0) }),
  accepted('share.coordinator.state.topic.compression.codec', 'int', '0'),
  served(
    'share.coordinator.state.topic.min.isr',
    'short',
    '2',
    'The min.insync.replicas of __share_group_state.',
    { check: atLeast(1) },
  ),
  served(
    'share.coordinator.state.topic.num.partitions',
    'int',
    '50',
    'Partitions of __share_group_state, where it is made because a client asked for it.',
    { check: atLeast(1) },
  ),
  accepted('share.coordinator.state.topic.prune.interval.ms', 'int', '300000', {
    check: atLeast(1),
    internal: true,
  }),
  served(
    'share.coordinator.state.topic.replication.factor',
    'short',
    '3',
    'Replicas of __share_group_state; above 1 it cannot be made by one broker.',
    { check: atLeast(1) },
  ),
  served(
    'share.coordinator.state.topic.segment.bytes',
    'int',
    '104857600',
    'Segment size of __share_group_state.',
    { check: atLeast(1) },
  ),
  accepted('share.coordinator.threads', 'int', '1', { check: atLeast(1) }),
  accepted('share.coordinator.write.timeout.ms', 'int', '5000', { check: atLeast(1) }),
  accepted('share.fetch.purgatory.purge.interval.requests', 'int', '1000'),
  accepted('transaction.abort.timed.out.transaction.cleanup.interval.ms', 'int', '10000', {
    check: atLeast(1),
  }),
  accepted('transaction.max.timeout.ms', 'int', '900000', { check: atLeast(1) }),
  accepted('transaction.partition.verification.enable', 'boolean', 'true', { update: 'cluster-wide' }),
  accepted('transaction.remove.expired.transaction.cleanup.interval.ms', 'int', '3600000', {
    check: atLeast(1),
  }),
  accepted('transaction.state.log.load.buffer.size', 'int', '5242880', { check: atLeast(1) }),
  served('transaction.state.log.min.isr', 'int', '2', 'The min.insync.replicas of __transaction_state.', {
    check: atLeast(1),
  }),
  served(
    'transaction.state.log.num.partitions',
    'int',
    '50',
    'Partitions of __transaction_state, where it is made because a client asked for it.',
    { check: atLeast(1) },
  ),
  served(
    'transaction.state.log.replication.factor',
    'short',
    '3',
    'Replicas of __transaction_state; above 1 it cannot be made by one broker.',
    { check: atLeast(1) },
  ),
  served('transaction.state.log.segment.bytes', 'int', '104857600', 'Segment size of __transaction_state.', {
    check: atLeast(1),
  }),
  accepted('transaction.two.phase.commit.enable', 'boolean', 'false'),
  accepted('transactional.id.expiration.ms', 'int', '604800000', { check: atLeast(1) }),
  accepted('unstable.api.versions.enable', 'boolean', 'false', { internal: true }),
  accepted('unstable.feature.versions.enable', 'boolean', 'false', { internal: true }),
];
