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
  { partitions = 2, replicas = 3 } = {},
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
    brokerConfigs: refuse,
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
  const inSync = [1, 2, 3, 5].map(
    (replicationFactor) => keyTopicConfigs({ ...settings, replicationFactor })['min.insync.replicas'],
  );
  assert.deepEqual(inSync, ['1', '2', '2', '2']);
});

test('a topic in order is left alone, and one that drifted gets only what drifted', async () => {
  const good = {
    ...keyTopicConfigs(settings),
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
    const { admin, set } = cluster({ ...keyTopicConfigs(settings), 'cleanup.policy': policy });
    await assert.rejects(ensureKeyTopic(admin, settings, create), {
      code: 'KEY_TOPIC_UNSAFE',
      message: /cleanup\.policy=compact at once/,
    });
    assert.deepEqual(set, []);
  }
});

test('another number of partitions is refused and the right one named', async () => {
  const { admin } = cluster(keyTopicConfigs(settings), { partitions: 12 });
  await assert.rejects(ensureKeyTopic(admin, settings, create), {
    code: 'KEY_TOPIC_UNSAFE',
    message: /declare partitions: 12/,
  });
});

test('fewer replicas than declared are warned about', async () => {
  const warnings: (LogFields | undefined)[] = [];
  const { admin } = cluster(keyTopicConfigs(settings), { replicas: 1 });
  const logger = { ...silentLogger, warn: (_: string, fields?: LogFields) => warnings.push(fields) };
  await ensureKeyTopic(admin, settings, { create: true, logger });
  assert.deepEqual(warnings, [{ topic: 'keys', replicas: 1, declared: 3 }]);
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
