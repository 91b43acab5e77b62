import { RestartableEngine, startKafka } from '@oubliette/testing';
import { experimentsOn } from './experiments.js';
import { quickConfig } from './quick-config.js';

experimentsOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
