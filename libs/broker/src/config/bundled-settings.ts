/**
 * What this broker starts with where Kafka's defaults are meant for a cluster in a data centre: the counterpart of the
 * server.properties that a distribution of Kafka comes with. It is shown as such (source: static broker), Kafka's own defaults
 * stand below it, and what the caller gives replaces it.
 */
export const bundledSettings: Readonly<Record<string, string>> = {
  'node.id': '1',
  'process.roles': 'broker,controller',
  listeners: 'PLAINTEXT://127.0.0.1:9092',
  'log.dirs': './data',
  // Waiting gathers the members of a large deployment; here it only delays the first consumer.
  'group.initial.rebalance.delay.ms': '0',
  // Fifty logs would be fifty open files to replay at start for the handful of groups one machine has.
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // An idle broker looks twice a second at logs it knows to be clean: cheap, and erasure is soon seen.
  'log.cleaner.backoff.ms': '500',
  'log.retention.check.interval.ms': '5000',
  'log.initial.task.delay.ms': '5000',
  'max.connections': '1000',
  // The thread that takes connections serves them as well.
  'socket.listen.backlog.size': '511',
};
