import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { InMemoryMasterKeyService } from '@oubliette/keyring/testing';
import { EncryptedTopic, EventPublisher } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, startApp } from './app.js';

const view = (clicks: number): LessonViewed => new LessonViewed({ studentId: 'ann', course: 'AAA', clicks });
const DAY_MS = 86_400_000;

function handlers(): { Views: new () => object; seen: number[] } {
  const seen: number[] = [];
  @Controller()
  class Views {
    @EncryptedTopic('school.views')
    on(@Payload() event: LessonViewed): void {
      seen.push(event.clicks);
    }
  }
  return { Views, seen };
}

describe('a lost lease', () => {
  it('on the key topic pauses the batch: nothing is skipped, nothing set aside, all comes when it is heard again', async () => {
    const { Views, seen } = handlers();
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view(1), view(2)]);
    engine.keyLog.hold();
    engine.clock.advance(30_000);
    assert.equal(engine.keyring.isFresh, false);
    for (let tries = 0; tries < 20; tries++) {
      const [error] = await engine.cluster.deliver();
      assert.equal((error as { code?: string }).code, 'RECORDS_UNAVAILABLE');
    }
    await assert.rejects(app.get(EventPublisher).publish(view(3)), { code: 'KEYRING_UNAVAILABLE' });
    assert.deepEqual(seen, []);
    assert.deepEqual(engine.cluster.topics(), ['school.views']);
    engine.keyLog.release();
    await Promise.resolve();
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(seen, [1, 2]);
  });

  it('on the master key does the same', async () => {
    const service = new InMemoryMasterKeyService();
    const engine = await openTestEngine({ masterKeys: await service.open() });
    const { Views, seen } = handlers();
    const { app } = await startApp([Views], { engine });
    await app.get(EventPublisher).publish(view(1));
    service.state = 'down';
    await engine.clock.advanceAsync(DAY_MS);
    assert.equal(engine.keyring.isFresh, false);
    for (let tries = 0; tries < 20; tries++) {
      const [error] = await engine.cluster.deliver();
      assert.equal((error as { code?: string }).code, 'RECORDS_UNAVAILABLE');
    }
    await assert.rejects(app.get(EventPublisher).publish(view(2)), { code: 'MASTER_KEY_UNAVAILABLE' });
    assert.deepEqual(engine.cluster.topics(), ['school.views']);
    service.state = 'up';
    await engine.clock.advanceAsync(60_000);
    assert.equal(engine.keyring.isFresh, true);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(seen, [1]);
  });
});
