import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { Controller, Logger } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { EncryptedTopic, Metrics, RetentionService } from '../src/index.js';
import { HealthController } from '../src/http/health.controller.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, startApp } from './app.js';

const HOUR = 3_600_000;
const EVERY_MS = 60_000;

@Controller()
class Views {
  @EncryptedTopic('school.views', { erasureDeadline: '24h' })
  on(@Payload() _event: LessonViewed): void {}
}

const views = {
  name: 'school.views',
  partitions: 1,
  configs: {
    'cleanup.policy': 'delete',
    'retention.ms': String(12 * HOUR),
    'segment.ms': String(HOUR),
    'message.timestamp.type': 'LogAppendTime',
  },
};
const keyTopic = {
  name: 'the.keys',
  partitions: 1,
  configs: {
    'cleanup.policy': 'compact',
    'segment.ms': '600000',
    'max.compaction.lag.ms': '600000',
    'min.cleanable.dirty.ratio': '0',
    'message.timestamp.type': 'LogAppendTime',
  },
};

const said: { level: string; message: string }[] = [];

// Nest silences its loggers in tests: what would be said is heard before that.
beforeEach(() => {
  said.length = 0;
  for (const level of ['log', 'warn', 'error'] as const)
    mock.method(Logger.prototype, level, (message: unknown) =>
      said.push({ level, message: String(message) }),
    );
});
afterEach(() => mock.restoreAll());

async function started(prepared: Partial<typeof views> = {}) {
  const engine = Object.assign(await openTestEngine(), { guardedKeyTopic: keyTopic.name });
  engine.cluster.create({ ...views, ...prepared });
  engine.cluster.create(keyTopic);
  const { app } = await startApp([Views], { engine, options: { retentionGuardEveryMs: EVERY_MS } });
  const look = () => engine.clock.advanceAsync(EVERY_MS);
  const set = (topic: string, configs: Record<string, string>) =>
    engine.admin.setTopicConfigs(topic, configs);
  const metrics = async () =>
    (await app.get(Metrics).registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('oubliette_guard'));
  const health = async () => {
    try {
      return (await app.get(HealthController).check()).details['retention']?.status;
    } catch (error) {
      const answer = (
        error as { getResponse(): { error: Record<string, { status: string }> } }
      ).getResponse();
      return answer.error['retention']?.status;
    }
  };
  const errors = () => said.filter(({ level }) => level === 'error');
  return { app, engine, look, set, metrics, health, errors };
}

describe('the retention guard while an application runs', () => {
  it('judges topics with a deadline and the key topic at the start', async () => {
    const { app, metrics, health, errors } = await started();
    assert.deepEqual(
      app
        .get(RetentionService)
        .verdicts()
        .map(({ topic, verdict }) => [topic, verdict]),
      [
        ['school.views', 'ok'],
        ['the.keys', 'ok'],
      ],
    );
    assert.deepEqual([await health(), errors()], ['up', []]);
    const lines = await metrics();
    assert.ok(
      lines.includes('oubliette_guard_verdict{topic="school.views",verdict="ok"} 1'),
      lines.join('\n'),
    );
    assert.ok(lines.includes('oubliette_guard_verdict{topic="school.views",verdict="refuse"} 0'));
    assert.ok(lines.includes('oubliette_guard_verdict_age_seconds{topic="the.keys"} 0'));
  });

  it('says a drift once, shows it in metrics and health, and says when it is over', async () => {
    const { look, set, metrics, health, errors } = await started();
    await set('school.views', { 'segment.ms': String(168 * HOUR) });
    await look();
    await look();
    assert.equal(errors().length, 1);
    assert.match(
      errors()[0]?.message ?? '',
      /topic=school\.views verdict=refuse before=ok .*largest segment\.ms/,
    );
    assert.equal(await health(), 'down');
    assert.ok((await metrics()).includes('oubliette_guard_verdict{topic="school.views",verdict="refuse"} 1'));
    await set('school.views', { 'segment.ms': String(HOUR) });
    await look();
    assert.deepEqual([await health(), errors().length], ['up', 1]);
  });

  it('refuses a key topic that was made to delete', async () => {
    const { look, set, health, errors } = await started();
    await set(keyTopic.name, { 'cleanup.policy': 'delete' });
    await look();
    assert.match(errors()[0]?.message ?? '', /topic=the\.keys verdict=refuse .*deletes living keys/);
    assert.equal(await health(), 'down');
  });

  it('keeps the last verdict, and its age, while the cluster does not answer', async () => {
    const { engine, look, metrics, health, errors } = await started();
    engine.admin.describeTopics = () => Promise.reject(new Error('nobody answers'));
    await look();
    await look();
    assert.deepEqual([await health(), errors()], ['up', []]);
    assert.ok((await metrics()).includes('oubliette_guard_verdict_age_seconds{topic="school.views"} 120'));
  });

  it('warns at the start of a topic that is warned of, and starts', async () => {
    const configs = { ...views.configs, 'message.timestamp.type': 'CreateTime' };
    const { health } = await started({ configs });
    const warnings = said.filter(
      ({ level, message }) => level === 'warn' && /Prefer LogAppendTime/.test(message),
    );
    assert.deepEqual([warnings.length, await health()], [1, 'up']);
  });

  it('leaves nothing on the clock when the application ends', async () => {
    const { app, engine } = await started();
    assert.ok(engine.clock.pending > 0);
    await app.close();
    assert.equal(engine.clock.pending, 0);
  });
});
