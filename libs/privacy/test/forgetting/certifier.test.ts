import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { ManualClock } from '@oubliette/runtime/testing';
import { CertificateRegister } from '../../src/certificate/certificate-register.js';
import { Certifier } from '../../src/forgetting/certifier.js';
import { InMemoryStores, requestedErasure, testSigner } from '../../src/testing/index.js';

const minute = 60_000;

async function stage() {
  const [stores, clock, signer] = [new InMemoryStores(), new ManualClock(), testSigner()];
  const service = { isAway: false, asked: 0, answers: Promise.resolve() };
  const certificates = new CertificateRegister({
    ...stores,
    store: stores.certificates,
    signer: {
      publicKey: signer.publicKey,
      sign: async (message) => {
        service.asked++;
        await service.answers;
        return service.isAway
          ? Promise.reject(Object.assign(new Error('away'), { code: 'SIGNING_KEY_UNAVAILABLE' }))
          : signer.sign(message);
      },
    },
    clock,
  });
  const logged: unknown[] = [];
  const log = (_: string, fields?: object) => void logged.push(fields);
  const certifier = new Certifier({
    certificates,
    clock,
    logger: { info: log, warn: log, error: log },
  });
  const erasureOf = (id: number) =>
    stores.erasures.open(
      requestedErasure({ erasureId: `e-${id}`, userRef: `${id}`.padStart(32, '0') as UserRef }),
    );
  const issued = async () => (await stores.certificates.list(0, 100)).map(({ erasureId }) => erasureId);
  return { stores, clock, service, certificates, certifier, erasureOf, issued, logged };
}

test('what could not be signed is tried again after growing pauses, with what came meanwhile', async () => {
  const { clock, service, certifier, erasureOf, issued, logged } = await stage();
  service.isAway = true;
  certifier.add(await erasureOf(1));
  await clock.advanceAsync(0);
  await clock.advanceAsync(minute);
  certifier.add(await erasureOf(2));
  await clock.advanceAsync(0);
  service.isAway = false;
  await clock.advanceAsync(2 * minute - 1);
  assert.deepEqual(await issued(), []);
  await clock.advanceAsync(1);
  assert.deepEqual(await issued(), ['e-1', 'e-2']);
  assert.deepEqual(logged, [
    { erasures: 1, pauseMs: minute, error: 'SIGNING_KEY_UNAVAILABLE' },
    { erasures: 1, pauseMs: 2 * minute, error: 'SIGNING_KEY_UNAVAILABLE' },
  ]);
  assert.equal(clock.pending, 0);
});

test('of what waits the newest word is signed, and nothing is after closing', async () => {
  const { stores, clock, service, certifier, erasureOf, issued } = await stage();
  service.isAway = true;
  let answer = (): void => assert.fail();
  service.answers = new Promise((resolve) => (answer = resolve));
  const erasure = await erasureOf(1);
  certifier.add(erasure);
  await clock.advanceAsync(0);
  assert.equal(service.asked, 1);
  await stores.erasures.advance({ ...erasure, revision: 1, state: 'erased', forgottenAt: 8, erasedAt: 9 });
  // While the first try is under way, which then fails.
  certifier.add((await stores.erasures.get('e-1'))!);
  answer();
  await clock.advanceAsync(0);
  service.isAway = false;
  await clock.advanceAsync(2 * minute);
  const [{ file } = assert.fail()] = await stores.certificates.list(0, 10);
  assert.match(file, /"state":"erased"/);
  service.isAway = true;
  certifier.add(await erasureOf(2));
  await clock.advanceAsync(0);
  await certifier.close();
  const { asked } = service;
  certifier.add(await erasureOf(3));
  await clock.advanceAsync(minute * 60);
  assert.equal(service.asked, asked);
  assert.deepEqual(await issued(), ['e-1']);
});

test('a key service that is away is not asked again by each erasure that is done meanwhile', async () => {
  const { clock, service, certifier, erasureOf, issued } = await stage();
  service.isAway = true;
  for (let id = 1; id <= 50; id++) certifier.add(await erasureOf(id));
  await clock.advanceAsync(0);
  assert.equal(service.asked, 1);
  service.isAway = false;
  await clock.advanceAsync(minute);
  assert.equal((await issued()).length, 50);
  // It answers again: nobody waits.
  certifier.add(await erasureOf(51));
  await clock.advanceAsync(0);
  assert.equal((await issued()).length, 51);
  assert.equal(clock.pending, 0);
});

test('closing waits for the batch under way, not for thousands', async () => {
  const { clock, service, certifier, erasureOf } = await stage();
  service.isAway = true;
  for (let id = 1; id <= 501; id++) certifier.add(await erasureOf(id));
  await clock.advanceAsync(0);
  service.isAway = false;
  let answer = (): void => assert.fail();
  service.answers = new Promise((resolve) => (answer = resolve));
  service.asked = 0;
  await clock.advanceAsync(minute);
  assert.equal(service.asked, 1);
  const closed = certifier.close();
  answer();
  await closed;
  assert.equal(service.asked, 500);
});
