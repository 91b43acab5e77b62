import { RestartableEngine, startKafka } from '@oubliette/testing';
import { quickRetention } from './quick-config.js';
import { nestApplicationOn } from './nest-application.js';

nestApplicationOn(new RestartableEngine('Apache Kafka', startKafka, quickRetention));
