import { after, before, describe } from 'node:test';
import { adminContract, keyHazardsContract, keyTopicContract } from '@oubliette/kafka/testing';
import { RestartableEngine, startKafkaWithZooKeeper } from '@oubliette/testing';
import { quickConfig } from './quick-config.js';

const engine = new RestartableEngine('Apache Kafka 3.9 with ZooKeeper', startKafkaWithZooKeeper, quickConfig);

// Where ZooKeeper may differ: who makes topics and sets them, when that is known, and what stands in the key topic.
describe(`the engine contracts on ${engine.name}`, () => {
  before(() => engine.start());
  after(() => engine.dispose());
  adminContract(engine);
  keyTopicContract(engine);
  keyHazardsContract(engine);
});
