import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createAdmin, openKeyTopic, type KafkaSettings, type KeyTopicSettings } from '@oubliette/kafka';
import { onlyRecords } from '@oubliette/keyring/testing';
import { eventually } from '@oubliette/kafka/testing';
import { checkTopics } from '@oubliette/privacy';
import { sleep, SystemClock } from '@oubliette/runtime';
import { freePort } from '@oubliette/runtime/testing';
import { startKafka, temporaryDirectory, type EngineServer } from '@oubliette/testing';

const clock = new SystemClock();
const keys: KeyTopicSettings = {
  topic: 'keys',
  partitions: 2,
  segmentMs: 60_000,
  maxCompactionLagMs: 60_000,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 86_400_000,
};
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('the key topic on three brokers of Apache Kafka', () => {
  const directory = temporaryDirectory('oubliette-three-brokers-');
  const nodes: EngineServer[] = [];
  let settings: KafkaSettings;

  // The first node is the controller too; the two others are brokers alone, so that one can be lost.
  before(async () => {
    const controller = await freePort();
    for (const id of [1, 2, 3]) {
      const port = await freePort();
      const client = `PLAINTEXT://127.0.0.1:${port}`;
      const first = id === 1;
      const config = {
        'node.id': `${id}`,
        'process.roles': first ? 'broker,controller' : 'broker',
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        listeners: first ? `${client},CONTROLLER://127.0.0.1:${controller}` : client,
        'log.cleaner.dedupe.buffer.size': '16777216',
      };
      nodes.push(await startKafka({ workDir: join(directory.path, `${id}`), port, config }));
    }
    settings = { brokers: nodes.map(({ bootstrap }) => bootstrap), clientId: 'three-brokers', clock };
  });
  after(async () => {
    for (const node of nodes.reverse()) await node.stop();
    directory.remove();
  });

  async function described() {
    const admin = await createAdmin(settings);
    try {
      const [topic] = await admin.describeTopics([keys.topic]);
      assert.ok(topic);
      return topic;
    } finally {
      await admin.close();
    }
  }

  test('it gets three replicas, two of them in sync, and no unclean election', async () => {
    await (await openKeyTopic(settings, keys)).close();
    const { partitions, configs } = await described();
    assert.deepEqual(
      partitions.map(({ replicas }) => [...replicas].sort()),
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    );
    assert.equal(configs['min.insync.replicas'], '2');
    assert.equal(configs['unclean.leader.election.enable'], 'false');
  });

  test('with one broker lost it takes records, and opening it weakens nothing', async () => {
    const before = await openKeyTopic(settings, keys);
    await before.follow(onlyRecords(() => undefined));
    await nodes[2]!.kill();
    const killedAt = clock.monotonic();
    const topic = await openKeyTopic(settings, keys);
    const heard: string[] = [];
    await topic.follow(
      onlyRecords((records) => {
        for (const { key } of records) heard.push(Buffer.from(key).toString());
      }),
    );
    for (const partition of [0, 1]) {
      await topic.append(partition, [{ key: utf8(`k${partition}`), value: utf8('v') }]);
      await topic.caughtUp(partition);
    }
    await topic.close();
    assert.deepEqual(heard, ['k0', 'k1']);
    // Who followed when it happened goes on, whichever partition lost its leader.
    for (const partition of [0, 1]) {
      await before.caughtUp(partition);
      const start = clock.monotonic();
      while ((before.heard(partition)?.monotonic ?? 0) <= killedAt) {
        assert.ok(clock.monotonic() - start < 30_000, 'not heard again');
        await sleep(clock, 100);
      }
    }
    await before.close();
    assert.equal((await described()).configs['min.insync.replicas'], '2');
  });

  test('the retention guard sees every replica, and which broker is away', async () => {
    const admin = await createAdmin(settings);
    try {
      const question = { role: 'key topic', deadlineMs: null, use: { gapMs: 1_000 } } as const;
      const judged = async () => checkTopics(admin, [keys.topic], () => question);
      const [verdict] = await judged();
      assert.equal(verdict?.verdict, 'warn', verdict?.reasons.join('\n'));
      const reasons = verdict?.reasons.join('\n') ?? '';
      assert.match(reasons, /Replicas are out of sync in partition 0, 1/);
      assert.match(reasons, /Broker 3 holds a replica and could not be asked/);
      assert.match(verdict?.notes.join('\n') ?? '', /Each of the 3 replicas cleans by itself/);
      await admin.setTopicConfigs(keys.topic, { 'min.insync.replicas': '3' });
      await eventually('the setting seen', async () => (await judged())[0]?.verdict === 'refuse');
      assert.match(
        (await judged())[0]?.reasons[0] ?? '',
        /min\.insync\.replicas=3 and fewer replicas in sync/,
      );
    } finally {
      await admin.close();
    }
  });
});
