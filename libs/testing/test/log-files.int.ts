import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { logFilesOn } from './log-files.js';
import { nodeScan } from './plain-scan.js';
import { quickConfig } from './quick-config.js';

logFilesOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig), nodeScan);
