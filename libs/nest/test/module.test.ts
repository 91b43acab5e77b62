import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Injectable, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventPublisher, OUBLIETTE_ENGINE, OublietteModule } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import type { TestEngine } from '../src/testing/index.js';
import { LessonViewed, TOKEN } from './app.js';

@Injectable()
class Settings {
  readonly groupId = 'from-settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe('the module', () => {
  it('takes options from a factory with injected providers', async () => {
    const engine = await openTestEngine();
    let group = '';
    const testing = await Test.createTestingModule({
      imports: [
        OublietteModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (settings: Settings) => {
            group = settings.groupId;
            return {
              engine: () => Promise.resolve(engine),
              groupId: settings.groupId,
              access: { token: TOKEN },
            };
          },
        }),
        OublietteModule.forFeature({ topics: [{ name: 'one', partitions: 1 }] }),
        OublietteModule.forFeature({ topics: [{ name: 'two', partitions: 3 }], events: [LessonViewed] }),
      ],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    await app.init();
    assert.equal(group, 'from-settings');
    assert.equal(app.get<TestEngine>(OUBLIETTE_ENGINE), engine);
    assert.deepEqual(engine.cluster.topics(), ['one', 'two']);
    assert.equal(engine.cluster.partitions('two').length, 3);
    await app.close();
    assert.equal(engine.closed, true);
  });

  it('closes the engine even when what was enqueued cannot be sent', async () => {
    const engine = await openTestEngine();
    const broken: TestEngine = Object.assign(engine, {
      producer: { ...engine.producer, flush: () => Promise.reject(new Error('away')) },
    });
    const testing = await Test.createTestingModule({
      imports: [
        OublietteModule.forRoot({
          engine: () => Promise.resolve(broken),
          groupId: 'g',
          access: { token: TOKEN },
        }),
      ],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    await app.init();
    app.get(EventPublisher).enqueue(new LessonViewed({ studentId: 'ann', course: 'A', clicks: 1 }));
    // Nest reports what a shutdown hook rejects with, and goes on.
    Logger.overrideLogger(false);
    await app.close();
    assert.equal(engine.closed, true);
  });

  it('checks the event classes of a feature at start', async () => {
    const engine = await openTestEngine();
    class Plain {}
    const testing = await Test.createTestingModule({
      imports: [
        OublietteModule.forRoot({
          engine: () => Promise.resolve(engine),
          groupId: 'g',
          access: { token: TOKEN },
        }),
        OublietteModule.forFeature({ events: [Plain] }),
      ],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    await assert.rejects(app.init(), { code: 'EVENT_CLASS_INVALID' });
    await app.close();
  });
});
