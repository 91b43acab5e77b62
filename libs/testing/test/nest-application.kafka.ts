import { RestartableEngine, startKafka } from '@oubliette/testing';
import { quickConfig } from './engine-contracts.js';
import { nestApplicationOn } from './nest-application.js';

nestApplicationOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
