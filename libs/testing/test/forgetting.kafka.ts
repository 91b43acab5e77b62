import { RestartableEngine, startKafka } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickConfig } from './quick-config.js';

// Else Kafka looks at retention for the first time half a minute after its start (LogManager.startup of 4.1.1).
forgettingOn(
  new RestartableEngine('Apache Kafka', startKafka, {
    ...quickConfig,
    'log.retention.check.interval.ms': '1000',
    'log.initial.task.delay.ms': '500',
  }),
);
