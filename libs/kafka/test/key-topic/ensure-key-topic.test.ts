import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureKeyTopic } from '../../src/key-topic/ensure-key-topic.js';
import { drift, keyTopicConfigs } from '../../src/key-topic/key-topic-configs.js';
import { silentLogger, type LogFields } from '../../src/logger.js';
import type { KeyTopicSettings, TopicAdmin, TopicDescription, TopicSpec } from '../../src/ports.js';

const settings: KeyTopicSettings = {
  topic: 'keys',
  partitions: 2,
  replicationFactor: 3,
  segmentMs: 600_000,
  maxCompactionLagMs: 600_000,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 86_400_000,
};

/** A cluster with at most the one topic. */
function cluster(
  standing: Readonly<Record<string, string>> | null,
  { partitions = 2, replicas = 3, brokers = 3 } = {},
): { admin: TopicAdmin; made: TopicSpec[]; set: Readonly<Record<string, string>>[] } {
  const made: TopicSpec[] = [];
  const set: Readonly<Record<string, string>>[] = [];
  const description = (): TopicDescription => ({
    name: 'keys',
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      partition,
      leader: 1,
      replicas: Array.from({ length: replicas }, (_, id) => id + 1),
      isr: [1],
    })),
    configs: standing ?? {},
  });
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked for here'));
  const admin: TopicAdmin = {
    listTopics: () => Promise.resolve(standing === null ? ['other'] : ['keys', 'other']),
    createTopic: (spec) => Promise.resolve(made.push(spec) > 0),
    describeTopics: () => Promise.resolve([description()]),
    setTopicConfigs: (_, configs) => Promise.resolve(void set.push(configs)),
    liveBrokers: () => Promise.resolve(brokers),
    brokerConfigs: refuse,
    inspectLogs: refuse,
    deleteTopic: refuse,
    close: () => Promise.resolve(),
  };
  return { admin, made, set };
}

const create = { create: true, logger: silentLogger };

test('a missing topic is made with every guarded setting', async () => {
  const { admin, made } = cluster(null);
  await ensureKeyTopic(admin, settings, create);
  assert.deepEqual(made, [
    {
      name: 'keys',
      partitions: 2,
      replicationFactor: 3,
      configs: {
        'cleanup.policy': 'compact',
        'segment.ms': '600000',
        'segment.jitter.ms': '0',
        'min.compaction.lag.ms': '0',
        'max.compaction.lag.ms': '600000',
        'min.cleanable.dirty.ratio': '0',
        'delete.retention.ms': '86400000',
        'file.delete.delay.ms': '60000',
        'message.timestamp.type': 'LogAppendTime',
        'min.insync.replicas': '2',
        'unclean.leader.election.enable': 'false',
      },
    },
  ]);
});

test('one replica needs one in sync, two or more need two', () => {
  const inSync = [1, 2, 3, 5].map((replicas) => keyTopicConfigs(settings, replicas)['min.insync.replicas']);
  assert.deepEqual(inSync, ['1', '2', '2', '2']);
});

test('a topic in order is left alone, and one that drifted gets only what drifted', async () => {
  const good = {
    ...keyTopicConfigs(settings, 3),
    'min.cleanable.dirty.ratio': '0.0',
    'index.interval.bytes': '1',
  };
  const inOrder = cluster(good);
  await ensureKeyTopic(inOrder.admin, settings, create);
  assert.deepEqual(inOrder.set, []);
  const drifted = cluster({ ...good, 'segment.ms': '604800000', 'message.timestamp.type': 'CreateTime' });
  await ensureKeyTopic(drifted.admin, settings, create);
  assert.deepEqual(drifted.set, [{ 'segment.ms': '600000', 'message.timestamp.type': 'LogAppendTime' }]);
});

test('a policy that deletes is refused in every spelling, and nothing is set', async () => {
  for (const policy of ['delete', 'compact,delete', 'delete,compact', 'compact, delete']) {
    const { admin, set } = cluster({ ...keyTopicConfigs(settings, 3), 'cleanup.policy': policy });
    await assert.rejects(ensureKeyTopic(admin, settings, create), {
      code: 'KEY_TOPIC_UNSAFE',
      message: /cleanup\.policy=compact at once/,
    });
    assert.deepEqual(set, []);
  }
});

test('another number of partitions is refused and the right one named', async () => {
  const { admin } = cluster(keyTopicConfigs(settings, 3), { partitions: 12 });
  await assert.rejects(ensureKeyTopic(admin, settings, create), {
    code: 'KEY_TOPIC_UNSAFE',
    message: /declare partitions: 12/,
  });
});

const { replicationFactor: _, ...undeclared } = settings;

test('without a declared number of replicas it gets three, or as many as there are brokers', async () => {
  for (const [brokers, replicas, inSync] of [
    [1, 1, '1'],
    [2, 2, '2'],
    [3, 3, '2'],
    [7, 3, '2'],
  ] as const) {
    const { admin, made } = cluster(null, { brokers });
    await ensureKeyTopic(admin, undeclared, create);
    assert.equal(made[0]?.replicationFactor, replicas);
    assert.equal(made[0].configs?.['min.insync.replicas'], inSync);
  }
});

test('what a standing topic needs in sync goes by its own replicas, whatever is declared or up', async () => {
  for (const declared of [settings, undeclared]) {
    const one = cluster(keyTopicConfigs(settings, 1), { replicas: 1 });
    await ensureKeyTopic(one.admin, declared, create);
    assert.deepEqual(one.set, []);
    const three = cluster(keyTopicConfigs(settings, 3), { brokers: 1 });
    await ensureKeyTopic(three.admin, declared, create);
    assert.deepEqual(three.set, []);
  }
});

test('a topic that was made on one broker is warned about once there are more', async () => {
  const warnings: (LogFields | undefined)[] = [];
  const logger = { ...silentLogger, warn: (_: string, fields?: LogFields) => warnings.push(fields) };
  const young = cluster(keyTopicConfigs(settings, 1), { replicas: 1, brokers: 1 });
  await ensureKeyTopic(young.admin, undeclared, { create: true, logger });
  assert.deepEqual(warnings, []);
  const grown = cluster(keyTopicConfigs(settings, 1), { replicas: 1, brokers: 3 });
  await ensureKeyTopic(grown.admin, undeclared, { create: true, logger });
  assert.deepEqual(warnings, [{ topic: 'keys', replicas: 1, wanted: 3 }]);
});

test('fewer replicas than declared are warned about', async () => {
  const warnings: (LogFields | undefined)[] = [];
  const { admin } = cluster(keyTopicConfigs(settings, 1), { replicas: 1 });
  const logger = { ...silentLogger, warn: (_: string, fields?: LogFields) => warnings.push(fields) };
  await ensureKeyTopic(admin, settings, { create: true, logger });
  assert.deepEqual(warnings, [{ topic: 'keys', replicas: 1, wanted: 3 }]);
});

test('who only reads makes and sets nothing, but is told of danger', async () => {
  const readOnly = { create: false, logger: silentLogger };
  await assert.rejects(ensureKeyTopic(cluster(null).admin, settings, readOnly), {
    code: 'KEY_TOPIC_MISSING',
  });
  const drifted = cluster({ 'cleanup.policy': 'compact' });
  await ensureKeyTopic(drifted.admin, settings, readOnly);
  assert.deepEqual(drifted.set, []);
  await assert.rejects(ensureKeyTopic(cluster({ 'cleanup.policy': 'delete' }).admin, settings, readOnly), {
    code: 'KEY_TOPIC_UNSAFE',
  });
});

test('numbers are compared as numbers, the rest as text', () => {
  assert.deepEqual(drift({ a: '0', b: 'x', c: '5' }, { a: '0.0', b: 'y' }), { b: 'x', c: '5' });
});
