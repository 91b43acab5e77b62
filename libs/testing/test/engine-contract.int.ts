import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { engineContracts } from './engine-contracts.js';
import { quickConfig } from './quick-config.js';

engineContracts(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
