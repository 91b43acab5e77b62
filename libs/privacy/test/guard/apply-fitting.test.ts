import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { applyFitting, fittingSettings, type FittingQuestion, type TopicSight } from '../../src/index.js';

const hour = 3_600_000;
const question: FittingQuestion = { role: 'personal data', deadlineMs: 24 * hour };

/** A cluster that shows what was set only after it was asked `lateBy` times. */
function cluster(lateBy: number) {
  let standing: Record<string, string> = {
    'cleanup.policy': 'delete',
    'retention.ms': String(12 * hour),
    'segment.ms': String(168 * hour),
  };
  let coming: Record<string, string> = {};
  let asked = 0;
  const set: Readonly<Record<string, string>>[] = [];
  const admin = {
    describeTopics: () => {
      if (asked++ >= lateBy) standing = { ...standing, ...coming };
      const partitions = [{ partition: 0, leader: 1, replicas: [1], isr: [1] }];
      return Promise.resolve([{ name: 't', partitions, configs: standing }]);
    },
    brokerConfigs: () => Promise.resolve({}),
    setTopicConfigs: (_: string, configs: Readonly<Record<string, string>>) => {
      coming = configs;
      return Promise.resolve(void set.push(configs));
    },
  };
  const sight: TopicSight = {
    description: {
      name: 't',
      partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1] }],
      configs: standing,
    },
    brokers: [{}],
    inspection: null,
  };
  return { admin, sight, set };
}

test('only the changes are set, and the answer is what the cluster shows afterwards', async () => {
  const { admin, sight, set } = cluster(3);
  const plan = fittingSettings(sight, question);
  const clock = new ManualClock();
  const applied = applyFitting(admin, plan, question, clock);
  await clock.advanceAsync(750);
  const verdict = await applied;
  assert.deepEqual(set, [{ 'segment.ms': String(10.9 * hour) }]);
  assert.deepEqual([verdict.verdict, verdict.worstCaseMs], ['warn', 24 * hour]);
});

test('a cluster that never shows the settings is an error that names them, after 5 s', async () => {
  const { admin, sight } = cluster(Number.POSITIVE_INFINITY);
  const clock = new ManualClock();
  const applied = applyFitting(admin, fittingSettings(sight, question), question, clock);
  const refused = assert.rejects(applied, { code: 'GUARD_NOT_APPLIED', message: /segment\.ms/ });
  await clock.advanceAsync(5_000);
  await refused;
});
