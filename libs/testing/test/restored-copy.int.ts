import { startBundledBroker } from '@oubliette/testing';
import { restoredCopyOn } from './restored-copy.js';

restoredCopyOn('the bundled broker', startBundledBroker);
