import { RestartableEngine, startKafka } from '@oubliette/testing';
import { engineContracts, quickConfig } from './engine-contracts.js';

engineContracts(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
