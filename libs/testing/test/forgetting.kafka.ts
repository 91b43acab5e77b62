import { RestartableEngine, startKafka } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickRetentionOnKafka } from './quick-config.js';

forgettingOn(new RestartableEngine('Apache Kafka', startKafka, quickRetentionOnKafka));
