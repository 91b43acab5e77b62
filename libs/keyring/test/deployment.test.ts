import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey, type KeyringErrorCode } from '../src/index.js';
import { InMemoryKeyTopic, openTestKeyring, testMasterKeys } from '../src/testing/index.js';
import { failsWith } from '../src/testing/fails-with.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function deploymentsIn(topic: InMemoryKeyTopic) {
  return topic.records(0).filter(({ key }) => parseRecordKey(key)?.kind === 'deployment');
}

async function foundedTopic(): Promise<{ topic: InMemoryKeyTopic; userRef: string }> {
  const topic = new InMemoryKeyTopic({ partitions: 2 });
  const keyring = await openTestKeyring({ topic });
  const userRef = keyring.userRef('x');
  await keyring.ensureKeys([userRef]);
  await keyring.close();
  return { topic, userRef };
}

test('the deployment is founded once and found again, also after compaction', async () => {
  const { topic, userRef } = await foundedTopic();
  topic.compact({ dropTombstones: true });
  const again = await openTestKeyring({ topic });
  assert.equal(again.userRef('x'), userRef);
  assert.equal(deploymentsIn(topic).length, 1);
});

test('nudges alone do not keep a deployment from being founded', async () => {
  const topic = new InMemoryKeyTopic();
  topic.append(0, [{ key: bytes('!nudge'), value: Uint8Array.of(1) }]);
  assert.equal((await openTestKeyring({ topic })).userRef('x').length, 32);
});

test('of two first starts under different master keys one is refused and leaves nothing standing', async () => {
  const topic = new InMemoryKeyTopic();
  const results = await Promise.allSettled([
    openTestKeyring({ topic, masterKeys: await testMasterKeys(1) }),
    openTestKeyring({ topic, masterKeys: await testMasterKeys(2) }),
  ]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = results.find((result) => result.status === 'rejected');
  assert.ok(failsWith('MASTER_KEY_MISMATCH')(refused?.reason));
  topic.compact({ dropTombstones: true });
  assert.equal(deploymentsIn(topic).length, 1);
});

test('a founder that died before it tombstoned its losing record is cleaned up after, or refused', async () => {
  const topic = new InMemoryKeyTopic();
  const first = await openTestKeyring({ topic });
  const elsewhere = new InMemoryKeyTopic();
  await openTestKeyring({ topic: elsewhere, masterKeys: await testMasterKeys(2) });
  const loser = deploymentsIn(elsewhere);
  topic.append(0, loser);
  await assert.rejects(
    openTestKeyring({ topic, masterKeys: await testMasterKeys(2) }),
    failsWith('MASTER_KEY_MISMATCH'),
  );
  assert.equal((await openTestKeyring({ topic })).userRef('x'), first.userRef('x'));
  topic.compact({ dropTombstones: true });
  assert.equal(deploymentsIn(topic).length, 1);
});

test('a deployment that another start founded between two looks is taken for what it is', async () => {
  const topic = new InMemoryKeyTopic();
  const log = topic.open();
  const records = log.records.bind(log);
  let looks = 0;
  const founders: Awaited<ReturnType<typeof openTestKeyring>>[] = [];
  log.records = async function* (partition) {
    yield* records(partition);
    if (looks++ > 0) return;
    const founder = await openTestKeyring({ topic });
    await founder.ensureKeys([founder.userRef('x')]);
    founders.push(founder);
  };
  const late = await openTestKeyring({ topic, log });
  assert.equal(late.userRef('x'), founders[0]?.userRef('x'));
  assert.equal(deploymentsIn(topic).length, 1);
});

test('users without a deployment record are never given a second secret', async () => {
  for (const removed of ['tombstoned', 'gone']) {
    const { topic } = await foundedTopic();
    topic.append(
      0,
      deploymentsIn(topic).map(({ key }) => ({ key, value: null })),
    );
    if (removed === 'gone') topic.compact({ dropTombstones: true });
    const before = topic.records(0).length;
    await assert.rejects(openTestKeyring({ topic }), failsWith('DEPLOYMENT_MISSING'));
    assert.equal(topic.records(0).length, before);
  }
});

test('a changed or garbled deployment record is refused, whichever byte was changed', async () => {
  const { topic } = await foundedTopic();
  const [record] = deploymentsIn(topic);
  assert.ok(record?.value);
  const expected = (at: number): KeyringErrorCode =>
    at >= 5 && at < 21 ? 'MASTER_KEY_MISMATCH' : 'DEPLOYMENT_RECORD_INVALID';
  for (let at = 0; at < record.value.length; at++) {
    const value = record.value.slice();
    value[at] = (value[at] ?? 0) ^ 1;
    const copy = new InMemoryKeyTopic({ partitions: 2 });
    copy.append(0, [{ key: record.key, value }]);
    await assert.rejects(openTestKeyring({ topic: copy }), failsWith(expected(at)), `byte ${at}`);
  }
  const cut = new InMemoryKeyTopic({ partitions: 2 });
  cut.append(0, [{ key: record.key, value: record.value.slice(0, 21) }]);
  await assert.rejects(openTestKeyring({ topic: cut }), failsWith('DEPLOYMENT_RECORD_INVALID'));
});

test('a topic with another number of partitions is refused', async () => {
  const { topic } = await foundedTopic();
  const wider = new InMemoryKeyTopic({ partitions: 3 });
  wider.append(0, topic.records(0));
  await assert.rejects(openTestKeyring({ topic: wider }), failsWith('PARTITION_COUNT_CHANGED'));
});

test('a topic that cannot be reached is unavailable, and founding goes on when it is back', async () => {
  const topic = new InMemoryKeyTopic();
  topic.down = true;
  await assert.rejects(openTestKeyring({ topic }), failsWith('KEYRING_UNAVAILABLE'));
  topic.down = false;
  topic.loseNextAcknowledgement = true;
  await assert.rejects(openTestKeyring({ topic }), failsWith('KEYRING_UNAVAILABLE'));
  await openTestKeyring({ topic });
  assert.equal(deploymentsIn(topic).length, 1);
});
