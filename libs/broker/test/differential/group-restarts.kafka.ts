import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerFixture } from '../support/broker-fixture.js';
import { KafkaNode, kafkaLibs } from '../support/live-kafka.js';
import { awaitCoordinator, groupTopics } from './group-cases.js';
import { asSet } from './group-member.js';
import { recordsOfGroups } from './group-record-cases.js';
import { RestartGroups } from './restart-groups.js';
import { compare, Side } from './two-brokers.js';

/*
 * A coordinator that is stopped or killed while groups are stable, gather, or wait for their leader's assignment: what their members
 * hear, and what is left of them after the start. Needs a directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */

const settings = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '1',
};

async function ready(sides: readonly Side[]): Promise<void> {
  for (const side of sides) {
    await side.untilLed(groupTopics);
    const client = await side.connect();
    await awaitCoordinator(client);
    client.end();
  }
}

test('groups over restarts are those of Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const fixture = await BrokerFixture.start(t, settings);
  const node = await KafkaNode.start(t, settings);
  const sides = [new Side('ours', fixture.port), new Side('kafka', node.port)] as const;
  for (const side of sides) await side.createTopics(groupTopics);
  await ready(sides);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const all = sides.map((side) => new RestartGroups(side, signal));
    for (const groups of all) await groups.prepare();
    await Promise.all([fixture.restart(), node.restart(signal)]);
    for (const groups of all) await groups.untilTold();
    await ready(sides);
    for (const groups of all) {
      await groups.reconnect();
      await groups.resume();
      groups.end();
    }
    // Who is killed answers nobody; ours is stopped in either case.
    if (signal === 'SIGTERM') {
      const [ours, kafkas] = all.map(({ told }) => asSet(told));
      await t.test('what those hear who wait', () => assert.deepEqual(ours, kafkas));
    }
    const [ours, kafkas] = all.map(({ seen }) => asSet(seen));
    await t.test(`what members hear around ${signal}`, () => assert.deepEqual(ours, kafkas));
    await compare(t, sides, { [`what is in the log after ${signal}`]: recordsOfGroups() });
  }
});
