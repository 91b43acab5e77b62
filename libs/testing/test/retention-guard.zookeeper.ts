import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { retentionGuardOn } from './retention-guard.js';

retentionGuardOn(new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper), {
  aheadMs: null,
});
