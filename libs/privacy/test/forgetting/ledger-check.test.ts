import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KeyLogRecord } from '@oubliette/keyring';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { ForgettingService } from '../../src/index.js';
import { InMemoryErasureStore, InMemoryPrivacyLog, SimulatedKeyTopic } from '../../src/testing/index.js';
import { quick } from './forgetting-harness.js';

const clock = new ManualClock();
const none = { standing: 0, restrictedAgain: 0, unlogged: 0 };
const userIds = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

/** A start of the application on this topic, with the ledger of before. */
async function start(t: TestContext, topic: SimulatedKeyTopic, store: InMemoryErasureStore) {
  const logged: string[] = [];
  const keyring = await openTestKeyring({ log: topic.log(), clock });
  const error = (message: string): void => void logged.push(message);
  const service = new ForgettingService({
    keyring,
    store,
    log: new InMemoryPrivacyLog(),
    window: topic,
    clock,
    entropy: new SeededEntropy(1),
    logger: { info: () => undefined, warn: () => undefined, error },
  });
  t.after(async () => {
    await service.close();
    await keyring.close();
  });
  return { keyring, service, logged };
}

function topicOf(t: TestContext, records: readonly (readonly KeyLogRecord[])[] = []): SimulatedKeyTopic {
  const topic = new SimulatedKeyTopic(clock, quick);
  t.after(() => topic.close());
  records.forEach((all, partition) => {
    if (all.length > 0) topic.appendRecords(partition, all);
  });
  return topic;
}

/** What a copy of the data directory holds. */
function copyOf(topic: SimulatedKeyTopic): KeyLogRecord[][] {
  return Array.from({ length: topic.partitionCount }, (_, partition) =>
    topic.records(partition).map(({ key, value }) => ({ key: Buffer.from(key), value })),
  );
}

test('forgotten users that came back with a restored copy are told of, and forgotten again at once', async (t) => {
  const store = new InMemoryErasureStore();
  const topic = topicOf(t);
  const first = await start(t, topic, store);
  const refs = userIds(20).map((userId) => first.keyring.userRef(userId));
  await first.keyring.ensureKeys(refs);
  const copy = copyOf(topic);
  await first.service.requestMany(userIds(12));
  assert.deepEqual(await first.service.checkLedger(), zero(12));
  assert.deepEqual(first.logged, []);

  const restored = topicOf(t, copy);
  const again = await start(t, restored, store);
  assert.equal(again.keyring.state(refs[0]!), 'active');
  assert.equal(again.service.lastCheck, null);
  const check = await again.service.checkLedger();
  assert.deepEqual(check, {
    checked: 12,
    returned: 12,
    forgottenAgain: 12,
    unresolved: 0,
    halves: null,
    restrictions: none,
  });
  assert.deepEqual(again.service.lastCheck, check);
  assert.match(again.logged.join(), /^12 forgotten users came back/);
  refs.forEach((userRef, index) => {
    assert.equal(again.keyring.state(userRef), index < 12 ? 'forgotten' : 'active');
  });
  assert.deepEqual(await again.service.checkLedger(), zero(12));
  // Their bytes, which came back too, leave the log as after any forgetting.
  await clock.advanceAsync(20_000);
  refs.forEach((userRef, index) => assert.equal(restored.holdsKeyOf(userRef), index >= 12));
});

test('a ledger of many pages is read a page at a time', async (t) => {
  const store = new InMemoryErasureStore();
  const topic = topicOf(t);
  const first = await start(t, topic, store);
  const ids = userIds(1_100);
  await first.keyring.ensureKeys(ids.map((userId) => first.keyring.userRef(userId)));
  const copy = copyOf(topic);
  await first.service.requestMany(ids);
  const again = await start(t, topicOf(t, copy), store);
  assert.deepEqual(await again.service.checkLedger(), {
    checked: 1_100,
    returned: 1_100,
    forgottenAgain: 1_100,
    unresolved: 0,
    halves: null,
    restrictions: none,
  });
  assert.equal(again.keyring.size().forgotten, 1_100);
});

test('a copy from before a second lifecycle is forgotten up to it', async (t) => {
  const store = new InMemoryErasureStore();
  const topic = topicOf(t);
  const { keyring, service } = await start(t, topic, store);
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  const copy = copyOf(topic);
  await service.request('ada');
  await keyring.beginLifecycle(ada);
  const binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
  const envelope = keyring.seal(ada, binding, Buffer.from('of the second life'));
  await service.request('ada');
  const again = await start(t, topicOf(t, copy), store);
  const check = await again.service.checkLedger();
  assert.deepEqual(check, {
    checked: 2,
    returned: 1,
    forgottenAgain: 1,
    unresolved: 0,
    halves: null,
    restrictions: none,
  });
  assert.equal(again.keyring.fence(ada)?.lifecycle, 2);
  const outcome = again.keyring.open(binding, envelope, { caughtUp: true });
  assert.equal(outcome.outcome, 'erased');
});

test('who began anew after the forgetting is left alone, and told of', async (t) => {
  const store = new InMemoryErasureStore();
  const topic = topicOf(t);
  const { keyring, service } = await start(t, topic, store);
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  await service.request('ada');
  await keyring.beginLifecycle(ada);
  // Somebody threw the fence away and kept the key.
  const without = copyOf(topic).map((records) =>
    records.filter(({ key }) => Buffer.from(key).toString() !== String(ada)),
  );
  const again = await start(t, topicOf(t, without), store);
  assert.deepEqual(await again.service.checkLedger(), {
    checked: 1,
    returned: 1,
    forgottenAgain: 0,
    unresolved: 1,
    halves: null,
    restrictions: none,
  });
  assert.equal(again.keyring.state(ada), 'active');
});

test('an outage in between loses nothing: the same call goes on', async (t) => {
  const store = new InMemoryErasureStore();
  const topic = topicOf(t);
  const first = await start(t, topic, store);
  await first.keyring.ensureKeys(userIds(5).map((userId) => first.keyring.userRef(userId)));
  const copy = copyOf(topic);
  await first.service.requestMany(userIds(5));
  const restored = topicOf(t, copy);
  const again = await start(t, restored, store);
  restored.fail(Object.assign(new Error('away'), { code: 'KAFKA_UNAVAILABLE' }));
  await assert.rejects(again.service.checkLedger());
  assert.equal(again.service.lastCheck, null);
  restored.fail(null);
  assert.equal((await again.service.checkLedger()).forgottenAgain, 5);
});

function zero(checked: number) {
  return { checked, returned: 0, forgottenAgain: 0, unresolved: 0, halves: null, restrictions: none };
}
