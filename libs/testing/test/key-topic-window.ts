import { after, before, describe } from 'node:test';
import { openKeyTopic } from '@oubliette/kafka';
import { quickKeyTopic } from '@oubliette/kafka/testing';
import { keyTopicWindowContract } from '@oubliette/privacy/testing';
import { SystemClock } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

/** What the nudger needs of the key topic, on an engine with one broker. */
export function keyTopicWindowOn(engine: RestartableEngine): void {
  describe(`the key topic's window on ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    const clock = new SystemClock();
    keyTopicWindowContract(engine.name, async () => {
      const settings = { brokers: [engine.bootstrap()], clientId: 'window', clock };
      const topic = await openKeyTopic(settings, quickKeyTopic({ partitions: 1 }));
      return {
        window: topic,
        append: (partition, records) => topic.append(partition, records),
        now: () => clock.now(),
        close: () => topic.close(),
      };
    });
  });
}
