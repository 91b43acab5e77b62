import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '@oubliette/runtime/testing';
import { MasterKeyLease, type MasterKeys } from '../../src/index.js';
import { InMemoryMasterKeyService } from '../../src/testing/index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const context = new TextEncoder().encode('a context');
const secrets = new Uint8Array(73).fill(5);

class Around {
  readonly events: string[] = [];
  /** What onRegained was given: a view of the lease's own bytes, and what they were. */
  given: { view: Uint8Array; copy: Uint8Array } | null = null;

  private constructor(
    readonly clock: ManualClock,
    readonly service: InMemoryMasterKeyService,
    readonly keys: MasterKeys,
    readonly lease: MasterKeyLease,
    record: { onLost: () => void; onRegained: (bytes: Uint8Array) => void },
  ) {
    record.onLost = () => this.events.push('lost');
    record.onRegained = (bytes) => {
      this.events.push('regained');
      this.given = { view: bytes, copy: bytes.slice() };
    };
  }

  static async open(options: { confirmEveryMs?: number; outageMs?: number } = {}): Promise<Around> {
    const clock = new ManualClock();
    const service = new InMemoryMasterKeyService();
    const keys = await service.open();
    const { fingerprint } = keys.current;
    const wrapped = await keys.wrap(context, secrets);
    const record = { onLost: (): void => {}, onRegained: (_: Uint8Array): void => {} };
    const lease = new MasterKeyLease({
      clock,
      unwrap: (call) => keys.unwrap(fingerprint, context, wrapped, call),
      onLost: () => record.onLost(),
      onRegained: (bytes) => record.onRegained(bytes),
      ...options,
    });
    service.calls = 0;
    return new Around(clock, service, keys, lease, record);
  }
}

test('while the service answers the lease is held for ever, asked every five minutes', async () => {
  const { clock, service, lease, events } = await Around.open();
  await clock.advanceAsync(2 * HOUR);
  assert.equal(service.calls, 24);
  assert.equal(lease.isHeld, true);
  assert.equal(lease.trouble, null);
  assert.deepEqual(events, []);
  await lease.close();
  assert.equal(clock.pending, 0);
});

test('an outage shorter than outageMs is not noticed; a longer one loses the lease at its time, once', async () => {
  const { clock, service, lease, events } = await Around.open({ outageMs: HOUR });
  service.state = 'down';
  await clock.advanceAsync(HOUR - 1);
  assert.equal(lease.isHeld, true);
  assert.equal(lease.trouble, 'MASTER_KEY_UNAVAILABLE');
  assert.equal(lease.remainingMs, 1);
  await clock.advanceAsync(1);
  assert.deepEqual(events, ['lost'], 'whoever asks or not');
  service.state = 'up';
  await clock.advanceAsync(30_000);
  assert.deepEqual(events, ['lost', 'regained']);
  service.state = 'down';
  await clock.advanceAsync(HOUR / 2);
  service.state = 'up';
  await clock.advanceAsync(30_000);
  await clock.advanceAsync(HOUR);
  assert.equal(lease.isHeld, true);
  assert.deepEqual(events, ['lost', 'regained']);
  await lease.close();
});

test('a lost lease is regained with the secrets, which are wiped after they were given', async () => {
  const around = await Around.open({ outageMs: HOUR });
  around.service.state = 'refusing';
  await around.clock.advanceAsync(HOUR);
  assert.equal(around.lease.isHeld, false);
  assert.equal(around.lease.trouble, 'MASTER_KEY_REFUSED');
  around.service.state = 'up';
  await around.clock.advanceAsync(30_000);
  assert.equal(around.lease.isHeld, true);
  assert.deepEqual(around.given?.copy, secrets);
  assert.ok(around.given?.view.every((byte) => byte === 0));
  await around.lease.close();
});

test('an epoch that was destroyed elsewhere is a trouble that ends the lease in time', async () => {
  const { clock, service, lease, events } = await Around.open({ outageMs: HOUR });
  const other = await service.open();
  await other.advance(1);
  await other.destroy(1);
  assert.equal(await lease.confirm(), false);
  assert.equal(lease.trouble, 'MASTER_KEY_MISMATCH');
  await clock.advanceAsync(HOUR);
  assert.deepEqual(events, ['lost']);
  await lease.close();
});

test('a machine that slept for a day stops at the first look, and goes on when the service answers', async () => {
  const { clock, lease, events } = await Around.open();
  clock.setWall(clock.now() + DAY);
  assert.equal(lease.isHeld, false);
  assert.deepEqual(events, ['lost']);
  await clock.advanceAsync(0);
  assert.deepEqual(events, ['lost', 'regained']);
  assert.equal(lease.isHeld, true);
  await lease.close();
});

test('a clock set back a day gives no day more; with a sleep of a day after it, it is seen too', async () => {
  const { clock, service, lease } = await Around.open();
  service.state = 'down';
  await clock.advanceAsync(HOUR);
  clock.setWall(clock.now() - DAY);
  await clock.advanceAsync(DAY - HOUR - 1_000);
  assert.equal(lease.isHeld, true);
  await clock.advanceAsync(1_000);
  assert.equal(lease.isHeld, false);
  await lease.close();

  const second = await Around.open();
  second.service.state = 'down';
  second.clock.setWall(second.clock.now() - DAY);
  assert.equal(second.lease.isHeld, true);
  second.clock.setWall(second.clock.now() + DAY);
  assert.equal(second.lease.isHeld, false);
  await second.lease.close();
});

test('an answer counts from the moment it was asked for', async () => {
  const { clock, service, lease } = await Around.open({ outageMs: HOUR, confirmEveryMs: HOUR / 4 });
  service.state = 'hanging';
  await clock.advanceAsync(HOUR / 4 + HOUR / 6);
  service.state = 'up';
  await clock.advanceAsync(0);
  assert.equal(lease.trouble, null);
  service.state = 'down';
  await clock.advanceAsync((HOUR * 5) / 6 - 1_000);
  assert.equal(lease.isHeld, true);
  await clock.advanceAsync(1_000);
  assert.equal(lease.isHeld, false, 'the question was asked a quarter of an hour after the start');
  await lease.close();
});

test('a question that hangs keeps the end of the lease not from its time, and is asked anew in the end', async () => {
  const { clock, service, lease, events } = await Around.open({ outageMs: HOUR, confirmEveryMs: HOUR / 2 });
  service.state = 'hanging';
  await clock.advanceAsync(HOUR);
  assert.deepEqual(events, ['lost']);
  await clock.advanceAsync(HOUR);
  assert.equal(lease.trouble, 'MASTER_KEY_UNAVAILABLE');
  assert.equal(service.calls, 2);
  await lease.close();
  service.state = 'up';
  await clock.advanceAsync(0);
  assert.deepEqual(events, ['lost']);
  assert.equal(clock.pending, 0);
});

test('secrets that do not open are a trouble; two questions at once are one; what comes after closing is wiped', async () => {
  const clock = new ManualClock();
  let calls = 0;
  let answer: (plain: Uint8Array | null) => void = () => {};
  const lease = new MasterKeyLease({
    clock,
    unwrap: () => {
      calls++;
      return new Promise((resolve) => (answer = resolve));
    },
    onLost: () => {},
    onRegained: () => {},
  });
  const both = Promise.all([lease.confirm(), lease.confirm()]);
  answer(null);
  assert.deepEqual(await both, [false, false]);
  assert.equal(calls, 1);
  assert.equal(lease.trouble, 'DEPLOYMENT_RECORD_INVALID');
  const late = lease.confirm();
  await lease.close();
  assert.equal(await late, false);
  const plain = new Uint8Array(8).fill(1);
  answer(plain);
  await clock.advanceAsync(0);
  assert.ok(plain.every((byte) => byte === 0));
  assert.equal(lease.isHeld, false);
  assert.equal(clock.pending, 0);
});

test('whatever happens to clocks and service: held means asked within the outage, and lost means wiped', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 1, max: HOUR }) }),
    fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: DAY }) }),
    fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -2 * DAY, max: 2 * DAY }) }),
    fc.record({
      kind: fc.constantFrom('up' as const, 'down' as const, 'refusing' as const),
      ms: fc.constant(0),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const outageMs = 6 * HOUR;
      const { clock, service, lease, events } = await Around.open({ outageMs, confirmEveryMs: HOUR / 2 });
      let now = 0;
      let lastUp = 0;
      for (const { kind, ms } of steps) {
        if (kind === 'run') {
          await clock.advanceAsync(ms);
          now += ms;
          if (service.state === 'up') lastUp = now;
        } else if (kind === 'sleep') {
          // Asleep: the wall clock goes on, the monotonic one does not, no timer runs.
          clock.setWall(clock.now() + ms);
          now += ms;
        } else if (kind === 'set') clock.setWall(clock.now() + ms);
        else service.state = kind;
        const held = lease.isHeld;
        if (held) assert.ok(now - lastUp <= outageMs, `held ${now - lastUp} ms after the service was up`);
        assert.equal(events.at(-1) === 'lost', !held);
      }
      await lease.close();
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 60, seed: 7 },
  );
});
