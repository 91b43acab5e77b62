/** What the contracts need to be quick on any engine. */
export const quickConfig = {
  'log.cleaner.backoff.ms': '500',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // On, so that consuming and producing show that they create nothing even where the broker would let them.
  'auto.create.topics.enable': 'true',
};
