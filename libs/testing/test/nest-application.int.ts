import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { quickConfig } from './engine-contracts.js';
import { nestApplicationOn } from './nest-application.js';

nestApplicationOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
