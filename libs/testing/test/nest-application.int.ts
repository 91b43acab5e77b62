import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { quickRetention } from './quick-config.js';
import { nestApplicationOn } from './nest-application.js';

nestApplicationOn(new RestartableEngine('the bundled broker', startBundledBroker, quickRetention));
