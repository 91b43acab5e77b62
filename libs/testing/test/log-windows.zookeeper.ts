import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { logWindowsOn } from './log-windows.js';
import { quickConfig } from './quick-config.js';

logWindowsOn(new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig));
