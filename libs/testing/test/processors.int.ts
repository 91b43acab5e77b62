import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { processorsOn } from './processors.js';
import { quickConfig } from './quick-config.js';

processorsOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
