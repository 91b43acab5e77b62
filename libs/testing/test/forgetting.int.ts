import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickConfig } from './quick-config.js';

forgettingOn(
  new RestartableEngine('the bundled broker', startBundledBroker, {
    ...quickConfig,
    'log.retention.check.interval.ms': '1000',
  }),
);
