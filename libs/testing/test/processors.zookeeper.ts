import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { processorsOn } from './processors.js';
import { quickConfig } from './quick-config.js';

processorsOn(new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig));
