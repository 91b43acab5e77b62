import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { engineContracts, quickConfig } from './engine-contracts.js';

engineContracts(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
