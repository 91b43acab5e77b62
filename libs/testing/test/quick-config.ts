/** What the contracts need to be quick on any engine. */
export const quickConfig = {
  'log.cleaner.backoff.ms': '500',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // On, so that consuming and producing show that they create nothing even where the broker would let them.
  'auto.create.topics.enable': 'true',
};

/** The same, where retention is waited for: a broker looks at it for the first time half a minute after its start, if nobody says otherwise. */
export const quickRetention = {
  ...quickConfig,
  'log.retention.check.interval.ms': '1000',
  'log.initial.task.delay.ms': '500',
};
