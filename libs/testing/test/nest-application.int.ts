import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { quickConfig } from './quick-config.js';
import { nestApplicationOn } from './nest-application.js';

nestApplicationOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
