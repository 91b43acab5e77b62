import { RestartableEngine, startKafka } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickRetention } from './quick-config.js';

forgettingOn(new RestartableEngine('Apache Kafka', startKafka, quickRetention));
