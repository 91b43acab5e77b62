import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickConfig } from './engine-contracts.js';

forgettingOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
