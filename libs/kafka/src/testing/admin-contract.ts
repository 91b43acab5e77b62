import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAdmin } from '../admin/create-admin.js';
import type { TopicAdmin } from '../ports.js';
import { clock, settingsFor, uniqueName, type Engine } from './engine.js';
import { eventually } from './eventually.js';

/** What every engine must do for the admin client of this lib. */
export function adminContract(engine: Engine): void {
  describe(`administering ${engine.name}`, () => {
    let admin: TopicAdmin;
    before(async () => {
      admin = await createAdmin(settingsFor(engine));
    });
    after(() => admin.close());

    const configOf = async (topic: string, name: string): Promise<string | undefined> =>
      (await admin.describeTopics([topic]))[0]?.configs[name];

    test('a topic is made once, with its settings, and described', async () => {
      const name = uniqueName('made');
      const spec = {
        name,
        partitions: 3,
        replicationFactor: 1,
        configs: { 'cleanup.policy': 'compact', 'segment.ms': '60000' },
      };
      assert.equal(await admin.createTopic(spec), true);
      assert.equal(await admin.createTopic(spec), false);
      assert.ok((await admin.listTopics()).includes(name));
      const [description] = await admin.describeTopics([name]);
      assert.deepEqual(
        description?.partitions.map(({ partition }) => partition),
        [0, 1, 2],
      );
      for (const { leader, replicas, isr } of description?.partitions ?? []) {
        assert.deepEqual(replicas, [leader]);
        assert.deepEqual(isr, [leader]);
      }
      assert.equal(description?.configs['cleanup.policy'], 'compact');
      assert.equal(description?.configs['segment.ms'], '60000');
      // Not set here: the engine's defaults are told, too.
      assert.equal(description?.configs['delete.retention.ms'], '86400000');
    });

    test('the brokers are counted', async () => {
      assert.equal(await admin.liveBrokers(), 1);
    });

    test('setting one option leaves the others alone', async () => {
      const name = uniqueName('altered');
      await admin.createTopic({
        name,
        partitions: 1,
        configs: { 'cleanup.policy': 'compact', 'segment.ms': '60000' },
      });
      await admin.setTopicConfigs(name, { 'max.compaction.lag.ms': '5000' });
      await eventually(
        'the new setting',
        async () => (await configOf(name, 'max.compaction.lag.ms')) === '5000',
      );
      assert.equal(await configOf(name, 'cleanup.policy'), 'compact');
      assert.equal(await configOf(name, 'segment.ms'), '60000');
    });

    test('a setting that does not exist, or has a bad value, is refused', async () => {
      const name = uniqueName('refused');
      await admin.createTopic({ name, partitions: 1 });
      await assert.rejects(admin.setTopicConfigs(name, { 'no.such.setting': '1' }), {
        code: 'KAFKA_REFUSED',
      });
      await assert.rejects(admin.setTopicConfigs(name, { 'segment.ms': 'soon' }), { code: 'KAFKA_REFUSED' });
      await assert.rejects(
        admin.createTopic({ name: uniqueName('bad'), partitions: 1, configs: { 'cleanup.policy': 'burn' } }),
        { code: 'KAFKA_REFUSED' },
      );
      await assert.rejects(admin.createTopic({ name: 'not a name!', partitions: 1 }), {
        code: 'KAFKA_REFUSED',
      });
    });

    test('a missing topic is named, soon', async () => {
      const name = uniqueName('missing');
      await assert.rejects(admin.describeTopics([name]), {
        code: 'TOPIC_MISSING',
        message: new RegExp(name),
      });
      await assert.rejects(admin.setTopicConfigs(name, { 'segment.ms': '1' }), { code: 'TOPIC_MISSING' });
      await assert.rejects(admin.deleteTopic(name), { code: 'TOPIC_MISSING' });
      assert.ok(!(await admin.listTopics()).includes(name), 'asking creates none');
    });

    test('a deleted topic is gone', async () => {
      const name = uniqueName('deleted');
      await admin.createTopic({ name, partitions: 2 });
      await admin.deleteTopic(name);
      await eventually('the topic gone', async () => !(await admin.listTopics()).includes(name));
    });

    test('a name that was just deleted can be taken again, and of many who take it at once one does and all see it', async () => {
      const name = uniqueName('anew');
      for (let round = 0; round < 5; round++) {
        const made = await Promise.all(
          [0, 1, 2].map(async () => {
            const isMade = await admin.createTopic({ name, partitions: 1 });
            assert.equal((await admin.describeTopics([name]))[0]?.partitions.length, 1);
            return isMade;
          }),
        );
        assert.equal(made.filter((isMade) => isMade).length, 1);
        await admin.deleteTopic(name);
      }
    });

    test('the brokers tell where logs stand, and their own settings', async () => {
      const name = uniqueName('inspected');
      await admin.createTopic({ name, partitions: 2, replicationFactor: 1 });
      const [description] = await admin.describeTopics([name]);
      const leader = description?.partitions[0]?.leader;
      await eventually('both logs', async () => {
        const { copies } = await admin.inspectLogs([name], []);
        return copies?.length === 2;
      });
      const { copies, brokers, transactionalProducers, unseen, at } = await admin.inspectLogs(
        [name],
        ['log.cleaner.backoff.ms', 'log.cleaner.enable'],
      );
      assert.deepEqual(
        copies
          ?.map(({ topic, partition, nodeId, isFuture }) => ({ topic, partition, nodeId, isFuture }))
          .sort((a, b) => a.partition - b.partition),
        [0, 1].map((partition) => ({ topic: name, partition, nodeId: leader, isFuture: false })),
      );
      assert.deepEqual(
        brokers.map(({ nodeId, configs }) => [nodeId, Object.keys(configs).sort()]),
        [[leader, ['log.cleaner.backoff.ms', 'log.cleaner.enable']]],
      );
      assert.deepEqual([transactionalProducers, unseen], [[], []]);
      assert.ok(Math.abs(at - clock.now()) < 60_000);
    });

    test('what a cluster cannot tell is named, and the rest is told', async () => {
      const { copies, unseen, brokers } = await admin.inspectLogs([uniqueName('nowhere')], []);
      assert.deepEqual([copies, unseen, brokers.length], [[], [], 1]);
    });

    test("the broker tells its cleaner's pace", async () => {
      const configs = await admin.brokerConfigs();
      assert.ok(Number(configs['log.cleaner.backoff.ms']) > 0);
      assert.ok(Number(configs['log.retention.check.interval.ms']) > 0);
    });
  });
}
