import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import {
  EncryptedEvent,
  EncryptedTopic,
  EventPublisher,
  ForgetUserService,
  RecordKey,
  UserId,
} from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { buildApp, startApp } from './app.js';

const configs = {
  'cleanup.policy': 'compact',
  'segment.ms': '2000',
  'max.compaction.lag.ms': '2000',
  'message.timestamp.type': 'LogAppendTime',
};
const topics = [{ name: 'addresses', partitions: 1, configs }];

@EncryptedEvent({ stream: 'addresses' })
class Moved {
  @UserId() userId!: string;
  @RecordKey() label!: string;

  constructor(fields: Partial<Moved> = {}) {
    Object.assign(this, fields);
  }
}

@Controller()
class Addresses {
  @EncryptedTopic('addresses', { erasure: 'tombstone' })
  moved(@Payload() _: Moved): void {}
}

test('who is forgotten has the records of a declared topic tombstoned before the erasure is done, and handlers hear nothing of it', async () => {
  const { app, engine } = await startApp([Addresses], { feature: { topics } });
  const { cluster, clock } = engine;
  const publisher = app.get(EventPublisher);
  for (const label of ['home', 'work']) await publisher.publish(new Moved({ userId: 'ada', label }));
  await publisher.publish(new Moved({ userId: 'ben', label: 'home' }));
  const forgetting = app.get(ForgetUserService);
  const { erasureId } = await forgetting.forgetUser('ada');
  await clock.advanceAsync(60_000);
  const erasure = await forgetting.findErasure(erasureId);
  assert.equal(erasure?.state, 'erased');
  assert.deepEqual(
    erasure?.topics.map(({ topic, way, evidence }) => [topic, way, evidence?.[0]?.tombstones]),
    [['addresses', 'tombstone', 2]],
  );
  const last = new Map(cluster.records('addresses').map(({ key, value }) => [String(key), value]));
  assert.equal([...last.values()].filter((value) => value !== null).length, 1);
  assert.deepEqual(await cluster.deliver(), []);
  assert.ok(!cluster.topics().includes('addresses.dlt'));
});

test('before the application has started nobody is forgotten: its topics are not known yet', async () => {
  const engine = await openTestEngine();
  const app = await buildApp(engine, [Addresses], {}, { topics });
  await engine.keyring.ensureKeys([engine.keyring.userRef('ada')]);
  const early = { code: 'FORGETTING_NOT_BEGUN' };
  await assert.rejects(engine.forgetting.request('ada'), early);
  await assert.rejects(engine.forgetting.requestMany(['ada']), early);
  await assert.rejects(engine.forgetting.liftHold('ada', 'case closed'), early);
  await app.init();
  const { topics: ended } = await engine.forgetting.request('ada');
  assert.deepEqual(
    ended.map(({ topic }) => topic),
    ['addresses'],
  );
});
