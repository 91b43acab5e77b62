import { randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import { createAdmin, createDirectClient, openKeyTopic, openTopicWindow } from '@oubliette/kafka';
import { quickKeyTopic } from '@oubliette/kafka/testing';
import { logWindowContract, topicWindowContract } from '@oubliette/privacy/testing';
import { SystemClock } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

/** What the nudger needs of the key topic, and erasing in topics of theirs, on an engine with one broker. */
export function logWindowsOn(engine: RestartableEngine): void {
  describe(`windows on the logs of ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    const clock = new SystemClock();
    const settings = () => ({ brokers: [engine.bootstrap()], clientId: 'window', clock });

    logWindowContract(engine.name, async () => {
      const topic = await openKeyTopic(settings(), quickKeyTopic({ partitions: 1 }));
      return {
        window: topic,
        append: (partition, records) => topic.append(partition, records),
        now: () => clock.now(),
        close: () => topic.close(),
      };
    });

    logWindowContract(`${engine.name}, a topic of the application`, () => openTopic(1));
    topicWindowContract(engine.name, () => openTopic(2));

    async function openTopic(partitions: number) {
      const name = `orders-${randomUUID()}`;
      const admin = await createAdmin(settings());
      await admin.createTopic({ name, partitions, configs: { 'cleanup.policy': 'compact' } });
      await admin.close();
      const client = createDirectClient(settings());
      const window = openTopicWindow(settings(), name);
      return {
        window,
        append: async (partition: number, records: Parameters<typeof client.produceBatch>[2]) =>
          (await client.produceBatch(name, partition, records)).baseOffset,
        now: () => clock.now(),
        close: async () => {
          await window.close();
          await client.close();
        },
      };
    }
  });
}
