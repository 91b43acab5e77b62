import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { keyTopicWindowOn } from './key-topic-window.js';
import { quickConfig } from './quick-config.js';

keyTopicWindowOn(
  new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig),
);
