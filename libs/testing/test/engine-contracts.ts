import { after, before, describe } from 'node:test';
import {
  adminContract,
  keyHazardsContract,
  keyTopicContract,
  producerConsumerContract,
  resilienceContract,
} from '@oubliette/kafka/testing';
import type { RestartableEngine } from '@oubliette/testing';

/** One suite for both engines: what an application may rely on, whichever it runs on. */
export function engineContracts(engine: RestartableEngine): void {
  describe(`the engine contracts on ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    producerConsumerContract(engine);
    adminContract(engine);
    keyTopicContract(engine);
    keyHazardsContract(engine);
    resilienceContract(engine);
  });
}
