import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import type { OutgoingRecord } from '@oubliette/kafka';
import { silentLogger } from '../../src/logger.js';
import {
  Acknowledgements,
  ErasureMessages,
  ForgettingService,
  readCertificate,
  readStatement,
} from '../../src/index.js';
import {
  InMemoryAcknowledgementStore,
  InMemoryErasureStore,
  InMemoryLedgerMirror,
} from '../../src/testing/index.js';
import { Deployment } from './forgetting-harness.js';

/** Another start of an application that names a processor. */
function start(deployment: Deployment, sent: OutgoingRecord[], mirror?: InMemoryLedgerMirror) {
  const { stores, certificates, clock, keyring, topic, store } = deployment;
  const send = (records: readonly OutgoingRecord[]) => Promise.resolve(void sent.push(...records));
  const acknowledgements = new Acknowledgements({
    processors: ['crm'],
    store: stores.acknowledgements,
    erasures: store,
    messages: new ErasureMessages({ topic: 'keys.erasures', keyring, logger: silentLogger }),
    producer: { send },
    certificates,
    clock,
    logger: silentLogger,
  });
  const service = new ForgettingService({
    keyring,
    store,
    log: stores.log,
    certificates,
    acknowledgements,
    window: topic,
    ...(mirror === undefined ? {} : { mirror }),
    clock,
    entropy: new SeededEntropy(5),
  });
  return { acknowledgements, service };
}

test('processors are asked when the user is forgotten, not while a hold stands, and make the certificate whole', async () => {
  const deployment = await Deployment.start();
  const { clock, stores } = deployment;
  const sent: OutgoingRecord[] = [];
  const { acknowledgements, service } = start(deployment, sent);
  await deployment.enrol('ann');
  await service.hold('ann', 'case 12');
  const { erasureId, state } = await service.request('ann');
  assert.equal(state, 'held');
  assert.equal((await stores.acknowledgements.of([erasureId])).size, 0);
  await service.liftHold('ann', 'closed');
  await clock.advanceAsync(0);
  assert.equal(sent.length, 1);
  assert.ok(!String(sent[0]?.value).includes('ann'));
  assert.notEqual(await deployment.untilErased(erasureId), null);
  await clock.advanceAsync(50);
  const latest = async () => {
    const file = (await stores.certificates.last())?.file ?? '';
    return readStatement(readCertificate(Buffer.from(file)).body).outstanding;
  };
  assert.deepEqual(await latest(), ['acknowledgements']);
  const answer = { outcome: 'erased', proof: 'ticket 7' } as const;
  await acknowledgements.receive({ erasureId, processor: 'crm', answer }, clock.now());
  assert.deepEqual(await latest(), []);
  await service.close();
  await acknowledgements.close();
  await deployment.stop();
});

test('a crash between forgotten and asked loses no question: the next start asks before anything is erased', async () => {
  const deployment = await Deployment.start();
  const { clock, stores } = deployment;
  await deployment.enrol('ann');
  const killed = new Error('killed');
  const first = start(deployment, []);
  stores.acknowledgements.fail(killed);
  await assert.rejects(first.service.request('ann'), killed);
  await first.service.close();
  await first.acknowledgements.close();
  const [erasure] = await deployment.store.pending(9);
  assert.equal(erasure?.state, 'forgotten');
  stores.acknowledgements.fail(null);
  const sent: OutgoingRecord[] = [];
  const second = start(deployment, sent);
  await second.service.resume();
  await clock.advanceAsync(0);
  assert.deepEqual(
    sent.map(({ key }) => String(key)),
    [erasure.erasureId],
  );
  await second.service.close();
  await second.acknowledgements.close();
  await deployment.stop();
});

test('after a database from before an erasure was restored, its processors are asked again', async () => {
  const deployment = await Deployment.start();
  const mirror = new InMemoryLedgerMirror();
  const sent: OutgoingRecord[] = [];
  const first = start(deployment, sent, mirror);
  await deployment.enrol('ann');
  const { erasureId } = await first.service.request('ann');
  assert.notEqual(await deployment.untilErased(erasureId), null);
  await first.service.close();
  await first.acknowledgements.close();
  const { stores, clock } = deployment;
  stores.erasures = new InMemoryErasureStore();
  const acknowledgements = new InMemoryAcknowledgementStore();
  sent.splice(0);
  const restored = { ...stores, erasures: stores.erasures, log: stores.log, acknowledgements };
  const again = start(
    Object.assign(Object.create(deployment) as Deployment, { stores: restored }),
    sent,
    mirror,
  );
  await again.service.checkLedger();
  await clock.advanceAsync(0);
  assert.deepEqual(
    (await acknowledgements.of([erasureId])).get(erasureId)?.map(({ processor }) => processor),
    ['crm'],
  );
  assert.deepEqual(
    sent.map(({ key }) => Buffer.from(key ?? []).toString()),
    [erasureId],
  );
  await again.service.close();
  await again.acknowledgements.close();
  await deployment.stop();
});
