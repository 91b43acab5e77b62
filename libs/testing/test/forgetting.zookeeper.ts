import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { forgettingOn } from './forgetting.js';
import { quickRetention } from './quick-config.js';

forgettingOn(
  new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickRetention),
);
