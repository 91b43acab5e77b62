import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { experimentsOn } from './experiments.js';
import { quickConfig } from './quick-config.js';

experimentsOn(new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig));
