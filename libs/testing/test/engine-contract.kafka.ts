import { RestartableEngine, startKafka } from '@oubliette/testing';
import { engineContracts } from './engine-contracts.js';
import { quickConfig } from './quick-config.js';

engineContracts(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
