import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { logWindowsOn } from './log-windows.js';
import { quickConfig } from './quick-config.js';

logWindowsOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
