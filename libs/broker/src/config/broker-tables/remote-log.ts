import { accepted, type BrokerConfigDefinition } from '../broker-definition.js';
import { atLeast, between, nonEmptyString } from '../value-check.js';

/** Tiered storage: this broker keeps its logs on its own disk. */
export const remoteLogTable: readonly BrokerConfigDefinition[] = [
  accepted('remote.fetch.max.wait.ms', 'int', '500', { check: atLeast(1), update: 'cluster-wide' }),
  accepted('remote.list.offsets.request.timeout.ms', 'long', '30000', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.index.file.cache.total.size.bytes', 'long', '1073741824', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.manager.copier.thread.pool.size', 'int', '10', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.manager.copy.max.bytes.per.second', 'long', '9223372036854775807', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.manager.copy.quota.window.num', 'int', '11', { check: atLeast(1) }),
  accepted('remote.log.manager.copy.quota.window.size.seconds', 'int', '1', { check: atLeast(1) }),
  accepted('remote.log.manager.expiration.thread.pool.size', 'int', '10', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.manager.fetch.max.bytes.per.second', 'long', '9223372036854775807', {
    check: atLeast(1),
    update: 'cluster-wide',
  }),
  accepted('remote.log.manager.fetch.quota.window.num', 'int', '11', { check: atLeast(1) }),
  accepted('remote.log.manager.fetch.quota.window.size.seconds', 'int', '1', { check: atLeast(1) }),
  accepted('remote.log.manager.task.interval.ms', 'long', '30000', { check: atLeast(1) }),
  accepted('remote.log.manager.task.retry.backoff.max.ms', 'long', '30000', {
    check: atLeast(1),
    internal: true,
  }),
  accepted('remote.log.manager.task.retry.backoff.ms', 'long', '500', { check: atLeast(1), internal: true }),
  accepted('remote.log.manager.task.retry.jitter', 'double', '0.2', {
    check: between(0, 0.5),
    internal: true,
  }),
  accepted('remote.log.manager.thread.pool.size', 'int', '2', { check: atLeast(1) }),
  accepted('remote.log.metadata.custom.metadata.max.bytes', 'int', '128', { check: atLeast(0) }),
  accepted(
    'remote.log.metadata.manager.class.name',
    'string',
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    { check: nonEmptyString },
  ),
  accepted('remote.log.metadata.manager.class.path', 'string', null),
  accepted('remote.log.metadata.manager.impl.prefix', 'string', 'rlmm.config.', { check: nonEmptyString }),
  accepted('remote.log.metadata.manager.listener.name', 'string', null, { check: nonEmptyString }),
  accepted('remote.log.reader.max.pending.tasks', 'int', '100', { check: atLeast(1) }),
  accepted('remote.log.reader.threads', 'int', '10', { check: atLeast(1), update: 'cluster-wide' }),
  accepted('remote.log.storage.manager.class.name', 'string', null, { check: nonEmptyString }),
  accepted('remote.log.storage.manager.class.path', 'string', null),
  accepted('remote.log.storage.manager.impl.prefix', 'string', 'rsm.config.', { check: nonEmptyString }),
  accepted('remote.log.storage.system.enable', 'boolean', 'false'),
];
