import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KeyringOptions } from '@oubliette/keyring';
import type { SimulatedSettings } from '../../src/testing/index.js';
import { Deployment } from './forgetting-harness.js';

async function deployment(
  t: TestContext,
  policies: KeyringOptions['policies'] = {},
  settings: Partial<SimulatedSettings> = {},
): Promise<Deployment> {
  const started = await Deployment.start(settings, 4, policies);
  t.after(() => started.stop());
  await started.enrol('ada');
  return started;
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === code;

/** Key records with a value in any file. */
const keysOf = (d: Deployment, userId: string): number => d.topic.valuesOf(d.keyring.userRef(userId));

test('withdrawing a purpose ends its keys alone, and gets them out of the log', async (t) => {
  const d = await deployment(t);
  const userRef = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([userRef], 'marketing');
  assert.equal(keysOf(d, 'ada'), 2);
  const service = d.service();
  const fence = await service.withdraw('ada', 'marketing');
  assert.ok(d.keyring.isWithdrawn(userRef, 'marketing'));
  assert.deepEqual(await service.withdraw('ada', 'marketing'), fence);
  assert.deepEqual(await d.store.list(10), []);
  await d.clock.advanceAsync(20_000);
  assert.equal(keysOf(d, 'ada'), 1);
  assert.equal(d.keyring.state(userRef), 'active');
  await d.keyring.ensureKeys([userRef]);
  assert.equal(d.topic.calls.scans, 1, 'the nudger is done with it');
});

test('granting it anew makes another key', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  await assert.rejects(service.grant('ada', 'marketing'), withCode('PURPOSE_NOT_WITHDRAWN'));
  await service.withdraw('ada', 'marketing');
  await service.grant('ada', 'marketing');
  assert.ok(!d.keyring.isWithdrawn(d.keyring.userRef('ada'), 'marketing'));
  await assert.rejects(service.withdraw('nobody', 'marketing'), withCode('USER_UNKNOWN'));
  await assert.rejects(service.grant('nobody', 'marketing'), withCode('USER_UNKNOWN'));
  await assert.rejects(service.withdraw('ada', 'Ada Lovelace'), withCode('PURPOSE_INVALID'));
});

test('withdrawing and granting are logged, each act once, and not done where they cannot be', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const userRef = d.keyring.userRef('ada');
  const { log } = d.stores;
  const entries = async () => (await log.list(10)).map(({ kind, reason }) => `${kind} ${reason}`).reverse();
  const isWithdrawn = () => d.keyring.isWithdrawn(userRef, 'a-b-');
  await assert.rejects(service.grant('ada', 'a-b-'), withCode('PURPOSE_NOT_WITHDRAWN'));
  await assert.rejects(service.withdraw('ada', 'Ada Lovelace'), withCode('PURPOSE_INVALID'));
  log.fail(new Error('database away'));
  await assert.rejects(service.withdraw('ada', 'a-b-'), /away/);
  assert.ok(!isWithdrawn());
  log.fail(null);
  for (let again = 0; again < 2; again++) await service.withdraw('ada', 'a-b-');
  log.fail(new Error('database away'));
  await assert.rejects(service.grant('ada', 'a-b-'), /away/);
  assert.ok(isWithdrawn());
  log.fail(null);
  await service.grant('ada', 'a-b-');
  const expected = ['purpose-withdrawn purpose (a-b-)', 'purpose-granted purpose (a-b-)'];
  assert.deepEqual(await entries(), expected);
  const [{ at, userRef: of, erasureId } = assert.fail()] = await log.ofUser(userRef, 1);
  assert.deepEqual([at, of, erasureId], [d.clock.now(), userRef, null]);
  await service.request('ada');
  await service.withdraw('ada', 'a-b-');
  assert.deepEqual(await entries(), expected, 'of a forgotten user nothing is left to withdraw');
});

test('keys whose lifetime is over are retired by and by, and their bytes leave the log', async (t) => {
  const d = await deployment(t, { marketing: { lifetimeMs: 60_000 } }, { cleanerBackoffMs: 30_000 });
  const userRef = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([userRef], 'marketing');
  d.service();
  await d.clock.advanceAsync(59_000);
  assert.equal(d.keyring.size().keys, 2);
  await d.clock.advanceAsync(45 * 60_000);
  assert.equal(d.keyring.size().keys, 1);
  assert.equal(keysOf(d, 'ada'), 1);
  assert.ok(d.logged.some((line) => line.startsWith('Keys whose lifetime is over were retired.')));
  const { nudges } = d.topic.calls;
  await d.clock.advanceAsync(60 * 60_000);
  assert.equal(d.topic.calls.nudges, nudges, 'nudging ends');
});
