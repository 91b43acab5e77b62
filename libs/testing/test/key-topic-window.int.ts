import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { keyTopicWindowOn } from './key-topic-window.js';
import { quickConfig } from './quick-config.js';

keyTopicWindowOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig));
