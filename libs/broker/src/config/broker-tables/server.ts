import { accepted, served, type BrokerConfigDefinition } from '../broker-definition.js';
import { atLeast } from '../value-check.js';

/** Sockets, threads, topics in general, quotas, metrics. */
export const serverTable: readonly BrokerConfigDefinition[] = [
  served(
    'advertised.listeners',
    'string',
    null,
    'The address that clients are told to connect to; without it the one listened on.',
  ),
  served(
    'auto.create.topics.enable',
    'boolean',
    'true',
    'Whether a topic that a client asks for by name comes into being, if the client allows it as well.',
  ),
  accepted('background.threads', 'int', '10', { check: atLeast(1), update: 'cluster-wide' }),
  accepted('client.quota.callback.class', 'class', null),
  served('connections.max.idle.ms', 'long', '600000', 'A connection that was silent for so long is closed.'),
  accepted('create.topic.policy.class.name', 'class', null),
  accepted('delete.records.purgatory.purge.interval.requests', 'int', '1'),
  served('delete.topic.enable', 'boolean', 'true', 'Whether DeleteTopics is obeyed.'),
  served('fetch.max.bytes', 'int', '57671680', 'The most bytes that one fetch is answered with.', {
    check: atLeast(1024),
  }),
  accepted('fetch.purgatory.purge.interval.requests', 'int', '1000'),
  accepted('kafka.metrics.polling.interval.secs', 'int', '10', { check: atLeast(1) }),
  accepted('kafka.metrics.reporters', 'list', ''),
  served(
    'listener.security.protocol.map',
    'string',
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'Which protocol each name of a listener stands for.',
    { update: 'per-broker' },
  ),
  served('listeners', 'string', 'PLAINTEXT://:9092', 'The address to listen on; one plaintext listener.', {
    update: 'per-broker',
  }),
  served(
    'max.connection.creation.rate',
    'int',
    '2147483647',
    'How many new connections are taken in a second; more are delayed.',
    { check: atLeast(0), update: 'cluster-wide' },
  ),
  served('max.connections', 'int', '2147483647', 'The most connections at a time; more wait.', {
    check: atLeast(0),
    update: 'cluster-wide',
  }),
  served('max.connections.per.ip', 'int', '2147483647', 'The most connections of one address.', {
    check: atLeast(0),
    update: 'cluster-wide',
  }),
  served(
    'max.connections.per.ip.overrides',
    'string',
    '',
    'Other bounds for some addresses, as ADDRESS:COUNT,…; host names are not looked up.',
    { update: 'cluster-wide' },
  ),
  served(
    'max.incremental.fetch.session.cache.slots',
    'int',
    '1000',
    'The most incremental fetch sessions that are kept.',
    { check: atLeast(0) },
  ),
  served(
    'max.request.partition.size.limit',
    'int',
    '2000',
    'The most partitions that DescribeTopicPartitions answers at a time.',
    { check: atLeast(1) },
  ),
  accepted('metric.reporters', 'list', 'org.apache.kafka.common.metrics.JmxReporter', {
    update: 'cluster-wide',
  }),
  accepted('metrics.num.samples', 'int', '2', { check: atLeast(1) }),
  accepted('metrics.recording.level', 'string', 'INFO'),
  accepted('metrics.sample.window.ms', 'long', '30000', { check: atLeast(1) }),
  accepted('num.io.threads', 'int', '8', { check: atLeast(1), update: 'cluster-wide' }),
  accepted('num.network.threads', 'int', '3', { check: atLeast(1), update: 'cluster-wide' }),
  served('num.partitions', 'int', '1', 'Partitions of a topic whose creator leaves the count open.', {
    check: atLeast(1),
  }),
  accepted('producer.purgatory.purge.interval.requests', 'int', '1000'),
  accepted('queued.max.request.bytes', 'long', '-1'),
  accepted('queued.max.requests', 'int', '500', { check: atLeast(1) }),
  served('quota.window.num', 'int', '11', 'Over how many windows a rate is measured.', { check: atLeast(1) }),
  served('quota.window.size.seconds', 'int', '1', 'How long such a window is, in s; no delay is longer.', {
    check: atLeast(1),
  }),
  accepted('request.timeout.ms', 'int', '30000'),
  accepted('socket.connection.setup.timeout.max.ms', 'long', '30000'),
  accepted('socket.connection.setup.timeout.ms', 'long', '10000'),
  served(
    'socket.listen.backlog.size',
    'int',
    '50',
    'How many connections the operating system keeps until they are taken.',
    { check: atLeast(1) },
  ),
  accepted('socket.receive.buffer.bytes', 'int', '102400'),
  served(
    'socket.request.max.bytes',
    'int',
    '104857600',
    'The largest request; a larger one closes its connection.',
    { check: atLeast(1) },
  ),
  accepted('socket.send.buffer.bytes', 'int', '102400'),
  accepted('telemetry.max.bytes', 'int', '1048576', { check: atLeast(1) }),
];
