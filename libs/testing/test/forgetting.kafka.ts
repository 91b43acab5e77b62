import { RestartableEngine, startKafka } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickConfig } from './engine-contracts.js';

forgettingOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
