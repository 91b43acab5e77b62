import { RestartableEngine, startKafka } from '@oubliette/testing';
import { processorsOn } from './processors.js';
import { quickConfig } from './quick-config.js';

processorsOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
