import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickRetention } from './quick-config.js';

forgettingOn(new RestartableEngine('the bundled broker', startBundledBroker, quickRetention));
