/** What the contracts need to be quick on any engine. */
export const quickConfig = {
  'log.cleaner.backoff.ms': '500',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // On, so that consuming and producing show that they create nothing even where the broker would let them.
  'auto.create.topics.enable': 'true',
};

/** The same, where retention is waited for. */
export const quickRetention = { ...quickConfig, 'log.retention.check.interval.ms': '1000' };

/** Kafka looks at retention for the first time half a minute after its start, if nobody says otherwise (LogManager.startup of 4.1.1). */
export const quickRetentionOnKafka = { ...quickRetention, 'log.initial.task.delay.ms': '500' };
