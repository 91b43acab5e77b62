import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { logFilesOn } from './log-files.js';
import { nodeScan } from './plain-scan.js';
import { quickConfig } from './quick-config.js';

logFilesOn(
  new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig),
  nodeScan,
);
