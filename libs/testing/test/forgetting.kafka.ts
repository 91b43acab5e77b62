import { RestartableEngine, startKafka } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickConfig } from './quick-config.js';

forgettingOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
