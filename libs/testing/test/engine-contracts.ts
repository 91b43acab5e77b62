import { after, before, describe } from 'node:test';
import {
  adminContract,
  keyTopicContract,
  producerConsumerContract,
  resilienceContract,
} from '@oubliette/kafka/testing';
import type { RestartableEngine } from '@oubliette/testing';

/** What the contracts need to be quick on any engine. */
export const quickConfig = {
  'log.cleaner.backoff.ms': '500',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  // On, so that consuming and producing show that they create nothing even where the broker would let them.
  'auto.create.topics.enable': 'true',
};

/** One suite for both engines: what an application may rely on, whichever it runs on. */
export function engineContracts(engine: RestartableEngine): void {
  describe(`the engine contracts on ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    producerConsumerContract(engine);
    adminContract(engine);
    keyTopicContract(engine);
    resilienceContract(engine);
  });
}
