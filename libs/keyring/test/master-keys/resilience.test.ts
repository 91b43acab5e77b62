import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { KeyringError, type KeyringErrorCode, type MasterKeys } from '../../src/index.js';
import { CachedMasterKeys } from '../../src/master-keys/resilience/cached-master-keys.js';
import { openResilient } from '../../src/master-keys/resilience/resilient-master-keys.js';
import type { ResilienceOptions } from '../../src/master-keys/resilience/tries.js';
import { InMemoryMasterKeyService } from '../../src/testing/index.js';

const failsWith =
  (code: KeyringErrorCode, pattern = /./) =>
  (error: unknown) =>
    error instanceof KeyringError && error.code === code && pattern.test(error.message);
const context = new TextEncoder().encode('a context');
const secret = new Uint8Array(40).fill(7);

interface Around {
  readonly clock: ManualClock;
  readonly service: InMemoryMasterKeyService;
  readonly keys: MasterKeys;
  readonly wrapped: Uint8Array;
  unwrap(): Promise<Uint8Array | null>;
}

async function around(options: Partial<ResilienceOptions> = {}): Promise<Around> {
  const clock = new ManualClock();
  const service = new InMemoryMasterKeyService();
  const entropy = new SeededEntropy(3);
  const keys = await openResilient(() => service.open(), { clock, entropy, ...options });
  const wrapped = await keys.wrap(context, secret);
  service.calls = 0;
  const unwrap = () => keys.unwrap(keys.current.fingerprint, context, wrapped);
  return { clock, service, keys, wrapped, unwrap };
}

/** The rejection as a value, so that it has an owner while the clock runs. */
async function outcome<T>(promise: Promise<T>): Promise<T | unknown> {
  return promise.catch((error: unknown) => error);
}

test('a service that comes back within the tries costs only time; each wait is longer and jittered', async () => {
  const { clock, service, unwrap } = await around();
  service.state = 'down';
  const asked: number[] = [];
  const result = outcome(unwrap());
  for (let ms = 0; ms < 1_000 && asked.length < 3; ms++) {
    await clock.advanceAsync(1);
    if (service.calls > asked.length) asked.push(ms);
  }
  const [first = 0, second = 0, third = 0] = asked;
  assert.equal(first, 0);
  assert.ok(second >= 99 && second <= 200, `${second}`);
  assert.ok(third - second >= 199 && third - second <= 400, `${third - second}`);
  service.state = 'up';
  await clock.advanceAsync(800);
  assert.deepEqual(await result, secret);
  assert.equal(service.calls, 4);
  assert.equal(clock.pending, 0);
});

test('a service that stays away is MASTER_KEY_UNAVAILABLE after four tries, which is retriable', async () => {
  const { clock, service, unwrap } = await around();
  service.state = 'down';
  const result = outcome(unwrap());
  await clock.advanceAsync(10_000);
  const error = await result;
  assert.ok(failsWith('MASTER_KEY_UNAVAILABLE')(error));
  assert.equal((error as KeyringError).retriable, true);
  assert.equal(service.calls, 4);
});

test('a refusal is told at once and not tried again: it is not retriable', async () => {
  const { clock, service, unwrap } = await around();
  service.state = 'refusing';
  const error = await outcome(unwrap());
  assert.ok(failsWith('MASTER_KEY_REFUSED')(error));
  assert.equal((error as KeyringError).retriable, false);
  assert.equal(service.calls, 1);
  assert.equal(clock.pending, 0);
});

test('a mismatch and bytes that do not open are answers, told at once', async () => {
  const { service, keys, wrapped } = await around();
  await assert.rejects(keys.unwrap('00'.repeat(16), context, wrapped), failsWith('MASTER_KEY_MISMATCH'));
  assert.equal(await keys.unwrap(keys.current.fingerprint, secret, wrapped), null);
  assert.equal(service.calls, 2);
});

test('a service that hangs is left after the time limit, and what it gives later is wiped', async () => {
  const late: Uint8Array[] = [];
  const { clock, service } = await around();
  const inner = await service.open();
  const spied: MasterKeys = {
    ...methodsOf(inner),
    unwrap: async (...args) => {
      const result = await inner.unwrap(...args);
      if (result) late.push(result);
      return result;
    },
  };
  const options = { clock, entropy: new SeededEntropy(4), timeoutMs: 1_000, attempts: 2 };
  const keys = await openResilient(async () => spied, options);
  const wrapped = await keys.wrap(context, secret);
  service.state = 'hanging';
  const result = outcome(keys.unwrap(keys.current.fingerprint, context, wrapped));
  await clock.advanceAsync(999);
  assert.equal(clock.pending, 1);
  await clock.advanceAsync(1_300);
  assert.ok(failsWith('MASTER_KEY_UNAVAILABLE', /1000 ms/)(await result));
  service.state = 'up';
  await clock.advanceAsync(1);
  assert.equal(late.length, 2);
  assert.ok(late.every((bytes) => bytes.every((byte) => byte === 0)));
});

test('after eight failures in a row nobody is asked for a while; then one try for all; then it goes on', async () => {
  const { clock, service, unwrap } = await around({ breakerRestMs: 30_000 });
  service.state = 'down';
  for (let call = 0; call < 2; call++) {
    const result = outcome(unwrap());
    await clock.advanceAsync(5_000);
    await result;
  }
  assert.equal(service.calls, 8);
  const error = await outcome(unwrap());
  assert.ok(failsWith('MASTER_KEY_UNAVAILABLE', /several times in a row/)(error), 'at once');
  assert.equal(service.calls, 8);
  await clock.advanceAsync(30_000);
  const trying = outcome(unwrap());
  await clock.advanceAsync(1_000);
  assert.ok(failsWith('MASTER_KEY_UNAVAILABLE')(await trying));
  assert.equal(service.calls, 9, 'one try, and the breaker rests again');
  service.state = 'up';
  await clock.advanceAsync(30_000);
  assert.deepEqual(await unwrap(), secret);
  assert.deepEqual(await unwrap(), secret);
  assert.equal(clock.pending, 0);
});

test('refusals do not open the breaker', async () => {
  const { service, unwrap } = await around();
  service.state = 'refusing';
  for (let call = 0; call < 20; call++) await outcome(unwrap());
  service.state = 'up';
  assert.deepEqual(await unwrap(), secret);
});

test('closing ends the calls under way, and the caller’s signal ends its own', async () => {
  const { clock, service, keys, wrapped, unwrap } = await around();
  service.state = 'hanging';
  const reason = new Error('enough');
  const own = new AbortController();
  const { fingerprint } = keys.current;
  const aborted = outcome(keys.unwrap(fingerprint, context, wrapped, { signal: own.signal }));
  const closed = outcome(unwrap());
  await clock.advanceAsync(1);
  own.abort(reason);
  assert.equal(await aborted, reason);
  keys.close();
  assert.ok(failsWith('KEYRING_CLOSED')(await closed));
  assert.ok(failsWith('KEYRING_CLOSED')(await outcome(unwrap())));
  assert.equal(clock.pending, 0);
});

test('what was bound to one epoch is not wrapped by the next', async () => {
  const { clock, service, keys, unwrap } = await around();
  const other = await service.open();
  service.state = 'down';
  const result = outcome(keys.wrap(context, secret));
  await clock.advanceAsync(1);
  service.state = 'up';
  await other.advance(1);
  const wrapped = await other.wrap(context, secret);
  assert.deepEqual(await keys.unwrap(other.current.fingerprint, context, wrapped), secret);
  await clock.advanceAsync(200);
  assert.equal(clock.pending, 0, 'it is not tried a third time');
  assert.ok(failsWith('MASTER_KEY_UNAVAILABLE', /turned meanwhile/)(await result));
  assert.equal(await unwrap(), null, 'its fingerprint is the new one');
});

test('opening is tried likewise', async () => {
  const clock = new ManualClock();
  const service = new InMemoryMasterKeyService();
  service.state = 'down';
  const opening = openResilient(
    async () => {
      const keys = await service.open();
      await keys.keys();
      return keys;
    },
    { clock, entropy: new SeededEntropy(1) },
  );
  await clock.advanceAsync(150);
  service.state = 'up';
  await clock.advanceAsync(10_000);
  assert.equal((await opening).current.epoch, 1);
});

test('a cache gives copies for its time, asks when wanted fresh, and is wiped by time, by destroying and on close', async () => {
  const { clock, service, keys: inner, wrapped } = await around();
  const keys = new CachedMasterKeys(inner, { clock, cacheMs: 60_000 });
  const { fingerprint } = keys.current;
  const unwrap = (options?: { fresh: boolean }) => keys.unwrap(fingerprint, context, wrapped, options);
  (await unwrap())?.fill(0);
  (await unwrap())?.fill(0);
  assert.deepEqual(await unwrap(), secret);
  assert.equal(service.calls, 1);
  assert.equal(await keys.unwrap(fingerprint, secret, wrapped), null, 'another context is another question');
  assert.deepEqual(await unwrap({ fresh: true }), secret);
  assert.equal(service.calls, 3);
  service.state = 'refusing';
  await clock.advanceAsync(59_999);
  assert.deepEqual(await unwrap(), secret);
  await clock.advanceAsync(1);
  assert.ok(failsWith('MASTER_KEY_REFUSED')(await outcome(unwrap())));
  service.state = 'up';
  await unwrap();
  clock.setWall(clock.now() + 60_000);
  service.calls = 0;
  await unwrap();
  assert.equal(service.calls, 1, 'a machine that slept asks again');
  await keys.advance(1);
  await keys.destroy(1);
  assert.ok(failsWith('MASTER_KEY_MISMATCH')(await outcome(unwrap())));
  keys.close();
  assert.equal(clock.pending, 0);
});

function methodsOf(keys: MasterKeys): MasterKeys {
  return {
    get current() {
      return keys.current;
    },
    keys: (options) => keys.keys(options),
    wrap: (...args) => keys.wrap(...args),
    unwrap: (...args) => keys.unwrap(...args),
    advance: (from) => keys.advance(from),
    destroy: (epoch) => keys.destroy(epoch),
    close: () => keys.close(),
  };
}
