import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readStatement } from '../../src/certificate/erasure-statement.js';
import { readCertificate } from '../../src/certificate/signed-certificate.js';
import type { ErasedTopic, Erasure, ForgettingService } from '../../src/index.js';
import { SimulatedKeyTopic, SimulatedTopic } from '../../src/testing/index.js';
import { Deployment, quick } from './forgetting-harness.js';

const ways: readonly ErasedTopic[] = [
  { topic: 'addresses', way: 'tombstone' },
  { topic: 'visits', way: 'expiry' },
];
const expiring = {
  'cleanup.policy': 'delete',
  'retention.ms': '30000',
  'log.retention.check.interval.ms': '2000',
};

/** A deployment with a compacted topic and one that expires, each with a record of ada's. */
class Scene {
  readonly topics = new Map<string, SimulatedTopic>();

  private constructor(readonly d: Deployment) {
    for (const [name, configs] of [
      ['addresses', {}],
      ['visits', expiring],
    ] as const)
      this.topics.set(name, new SimulatedTopic(name, new SimulatedKeyTopic(d.clock, quick, 1), configs));
  }

  static async start(t: TestContext): Promise<Scene> {
    const scene = new Scene(await Deployment.start());
    const { d, topics } = scene;
    t.after(async () => {
      await d.stop();
      for (const { logs } of topics.values()) logs.close();
    });
    await d.enrol('ada', 'ben');
    scene.topic('addresses').append(0, `${d.keyring.userRef('ada')}#1#${'a'.repeat(32)}`);
    scene.topic('visits').append(0, d.keyring.userRef('ada'));
    return scene;
  }

  topic(name: string): SimulatedTopic {
    return this.topics.get(name)!;
  }

  async service(topics = ways): Promise<ForgettingService> {
    const service = this.d.service(undefined, undefined, (name) => this.topic(name));
    await service.resume(topics);
    return service;
  }

  /** Moves on until it holds of the erasure; false after `mostMs`. */
  async until(erasureId: string, holds: (erasure: Erasure) => boolean, mostMs = 120_000): Promise<boolean> {
    for (let waited = 0; waited <= mostMs; waited += 250) {
      if (holds(await this.d.erasure(erasureId))) return true;
      await this.d.clock.advanceAsync(250);
    }
    return false;
  }
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined;
}

test('an erasure is done when the keys are gone, the records tombstoned and cleaned, and the others expired', async (t) => {
  const scene = await Scene.start(t);
  const { d } = scene;
  const { erasureId, topics } = await (await scene.service()).request('ada');
  assert.deepEqual(
    topics.map(({ topic, way, marks, evidence }) => [topic, way, marks, evidence]),
    ways.map(({ topic, way }) => [topic, way, null, null]),
  );
  const isLeft = ({ evidence, topics: [addresses, visits] }: Erasure): boolean =>
    evidence !== null && isThere(addresses?.evidence) && !isThere(visits?.evidence);
  assert.ok(await scene.until(erasureId, isLeft));
  assert.ok(!d.holds('ada') && !scene.topic('addresses').logs.holdsKeyOf(d.keyring.userRef('ada')));
  const left = await d.erasure(erasureId);
  assert.deepEqual([left.state, left.note], ['forgotten', 'no key record left; waiting for topic visits']);
  assert.ok(await scene.until(erasureId, ({ topics: [, visits] }) => isThere(visits?.marks)));
  assert.deepEqual((await d.erasure(erasureId)).topics[1]?.marks, [{ partition: 0, offset: '1' }]);
  scene.topic('visits').expire(0, 1, 1n);
  assert.ok(await scene.until(erasureId, ({ state }) => state === 'erased'));
  const erased = await d.erasure(erasureId);
  assert.equal(erased.note, 'no key record and no record left');
  // The last of the three decides, and its bound is the erasure's.
  assert.ok(erased.boundMs === erased.topics[1]?.boundMs && erased.boundMs! > erased.topics[0]!.boundMs!);
});

test('records that are gone before the keys are make no erasure done', async (t) => {
  const scene = await Scene.start(t);
  const { d } = scene;
  d.topic.stopCleaner(1);
  const { erasureId } = await (await scene.service()).request('ada');
  assert.ok(await scene.until(erasureId, ({ topics: [, visits] }) => isThere(visits?.marks)));
  scene.topic('visits').expire(0, 1, 1n);
  assert.ok(await scene.until(erasureId, ({ topics }) => topics.every(({ evidence }) => evidence !== null)));
  assert.deepEqual([(await d.erasure(erasureId)).state, d.holds('ada')], ['forgotten', true]);
  d.topic.startCleaner(1);
  assert.ok(await scene.until(erasureId, ({ state }) => state === 'erased'));
});

test('the certificate says each topic, how its records ended and what was looked at', async (t) => {
  const scene = await Scene.start(t);
  const { erasureId } = await (await scene.service()).request('ada');
  const statement = async () => {
    const { file } = await scene.d.certificates.certificateOf(erasureId);
    return readStatement(readCertificate(Buffer.from(file, 'utf8')).body);
  };
  const before = await statement();
  assert.deepEqual(before.outstanding, ['erasure']);
  assert.deepEqual(
    before.topics.map(({ topic, partitions }) => [topic, partitions]),
    [
      ['addresses', null],
      ['visits', null],
    ],
  );
  assert.ok(await scene.until(erasureId, ({ topics: [, visits] }) => isThere(visits?.marks)));
  scene.topic('visits').expire(0, 1, 1n);
  assert.ok(await scene.until(erasureId, ({ state }) => state === 'erased'));
  const { outstanding, topics } = await statement();
  assert.deepEqual(outstanding, []);
  assert.deepEqual(
    topics.map(({ topic, way, partitions }) => [
      topic,
      way,
      partitions?.map(({ mark, tombstones, passes }) => [mark, tombstones, passes[0]?.records === null]),
    ]),
    [
      ['addresses', 'tombstone', [[null, 1, false]]],
      ['visits', 'expiry', [['1', 0, true]]],
    ],
  );
});

test('after a crash the next process goes on with the topics that the ledger names, declared or not', async (t) => {
  const scene = await Scene.start(t);
  const first = await scene.service();
  const { erasureId } = await first.request('ada');
  assert.ok(await scene.until(erasureId, ({ topics: [, visits] }) => isThere(visits?.marks)));
  await first.close();
  scene.topic('visits').expire(0, 1, 1n);
  await scene.service([]);
  assert.ok(await scene.until(erasureId, ({ state }) => state === 'erased'));
});

test('a topic that cannot be reached keeps nobody from being forgotten', async (t) => {
  const scene = await Scene.start(t);
  for (const { logs } of scene.topics.values()) logs.fail(new Error('away'));
  const { erasureId, state, boundMs } = await (await scene.service()).request('ada');
  assert.deepEqual([state, boundMs], ['forgotten', null]);
  for (const { logs } of scene.topics.values()) logs.fail(null);
  scene.topic('visits').expire(0, 1, 1n);
  assert.ok(await scene.until(erasureId, ({ state: now }) => now === 'erased', 240_000));
});

test('each topic is opened once, and closed with the service', async (t) => {
  const scene = await Scene.start(t);
  const service = await scene.service();
  await service.request('ada');
  await service.request('ben');
  await service.close();
  assert.ok([...scene.topics.values()].every(({ isClosed }) => isClosed));
});
