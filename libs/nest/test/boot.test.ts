import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { EncryptedTopic, connectOubliette } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, buildApp, startApp } from './app.js';

const HOUR = 3_600_000;

@Controller()
class Views {
  @EncryptedTopic('school.views', { erasureDeadline: '24h' })
  on(@Payload() _event: LessonViewed): void {}
}

@Controller()
class AllViews {
  @EncryptedTopic(/^school\./, { erasureDeadline: 24 * HOUR })
  on(@Payload() _event: LessonViewed): void {}
}

@Controller()
class Elsewhere {
  @EncryptedTopic('school.elsewhere', { erasureDeadline: '24h' })
  on(@Payload() _event: LessonViewed): void {}
}

const topic = (retentionMs: number, segmentMs: number) => ({
  name: 'school.views',
  partitions: 1,
  configs: {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'segment.ms': String(segmentMs),
    'message.timestamp.type': 'LogAppendTime',
  },
});

describe('the retention guard at boot', () => {
  it('lets an application start whose topic meets the deadline, made by forFeature', async () => {
    const { engine } = await startApp([Views], {
      feature: { topics: [topic(12 * HOUR, HOUR)], events: [LessonViewed] },
    });
    assert.deepEqual(engine.cluster.topics(), ['school.views']);
  });

  it('refuses 12 h of retention with the default segment.ms, and 24 h always, and says what to change', async () => {
    for (const [retention, segment] of [
      [12 * HOUR, 168 * HOUR],
      [24 * HOUR, 1],
    ] as const) {
      for (const controller of [Views, AllViews]) {
        await assert.rejects(
          startApp([controller], { feature: { topics: [topic(retention, segment)] } }),
          (error) => {
            assert.equal((error as { code: string }).code, 'TOPIC_REFUSED');
            assert.match((error as Error).message, /school\.views/);
            assert.match((error as Error).message, /retention\.ms|segment\.ms/);
            return true;
          },
        );
      }
    }
  });

  it('has made no topic when it refuses one that forFeature would make', async () => {
    const others = { ...topic(12 * HOUR, HOUR), name: 'school.others' };
    for (const [controller, code] of [
      [Views, 'TOPIC_REFUSED'],
      [AllViews, 'TOPIC_REFUSED'],
      [Elsewhere, 'TOPIC_MISSING'],
    ] as const) {
      const engine = await openTestEngine();
      const feature = { topics: [others, topic(24 * HOUR, 1)] };
      await assert.rejects(startApp([controller], { engine, feature }), { code });
      assert.deepEqual(engine.cluster.topics(), []);
    }
  });

  it('judges a topic to be made by its declared replicas too', async () => {
    const alone = { ...topic(12 * HOUR, HOUR), replicationFactor: 1 };
    const configs = { ...alone.configs, 'min.insync.replicas': '2' };
    const engine = await openTestEngine();
    await assert.rejects(startApp([Views], { engine, feature: { topics: [{ ...alone, configs }] } }), {
      code: 'TOPIC_REFUSED',
      message: /min\.insync\.replicas=2/,
    });
    await startApp([Views], { feature: { topics: [{ ...alone, configs, replicationFactor: 2 }] } });
  });

  it('judges what another process made of a topic in between', async () => {
    const engine = await openTestEngine();
    const { createTopic } = engine.admin;
    engine.admin.createTopic = (spec) => {
      engine.cluster.create(topic(24 * HOUR, 1));
      return createTopic(spec);
    };
    const feature = { topics: [topic(12 * HOUR, HOUR)] };
    await assert.rejects(startApp([Views], { engine, feature }), { code: 'TOPIC_REFUSED' });
  });

  it('leaves a topic that stands as it is, and judges that', async () => {
    const feature = { topics: [topic(12 * HOUR, HOUR)] };
    await assert.rejects(
      startApp([Views], { feature, prepare: (engine) => engine.cluster.create(topic(24 * HOUR, 1)) }),
      { code: 'TOPIC_REFUSED' },
    );
  });

  it('refuses a promise about a topic that does not exist', async () => {
    await assert.rejects(startApp([Views]), { code: 'TOPIC_MISSING' });
  });

  it('names the handler whose deadline is no duration', async () => {
    @Controller()
    class Someday {
      @EncryptedTopic('school.views', { erasureDeadline: 'someday' })
      on(@Payload() _event: LessonViewed): void {}
    }
    await assert.rejects(startApp([Someday]), {
      code: 'HANDLER_INVALID',
      message: /^Someday\.on: erasureDeadline/,
    });
  });

  it('does not judge what a regular expression does not match', async () => {
    await startApp([AllViews], {
      prepare: (engine) => engine.cluster.create({ ...topic(24 * HOUR, 1), name: 'other' }),
    });
  });

  it('consumes nothing before the guard has spoken', async () => {
    const engine = await openTestEngine();
    const app = await buildApp(engine, [Views]);
    await assert.rejects(connectOubliette(app), { code: 'TOPIC_MISSING' });
    assert.deepEqual(app.getMicroservices(), []);
    await app.close();
    assert.equal(engine.closed, true);
  });
});
