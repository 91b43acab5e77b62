import { RestartableEngine, startKafka } from '@oubliette/testing';
import { keyTopicWindowOn } from './key-topic-window.js';
import { quickConfig } from './quick-config.js';

keyTopicWindowOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
