import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import type { Keyring, KeyLog } from '../src/index.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../src/testing/index.js';
import { binding, secret, turn } from './process.js';

/** One process turns the epoch while another one does not hear of it, and reads everything at once then. */
async function heardLate(readOf: (log: KeyLog) => KeyLog['read']) {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const service = new InMemoryMasterKeyService();
  const log = topic.open();
  log.read = readOf(log);
  const leaseMs = 3_600_000;
  const late = await openTestKeyring({ log, clock, leaseMs, masterKeys: await service.open() });
  const early = await openTestKeyring({ topic, clock, masterKeys: await service.open() });
  const alarms: string[] = [];
  late.onAlarm(({ code }) => alarms.push(code));
  const user = early.userRef('ada');
  await late.catchUp([user]);
  log.hold();
  await turned(clock, early);
  await early.ensureKeys([user]);
  const envelope = early.seal(user, binding, secret);
  return { clock, log, late, early, user, envelope, alarms };
}

async function turned(clock: ManualClock, keyring: Keyring): Promise<void> {
  let isOver = false;
  const over = keyring.advanceEpoch().finally(() => (isOver = true));
  for (let second = 0; second < 100 && !isOver; second++) await clock.advanceAsync(1_000);
  await over;
}

test('a key topic that does not answer for a moment is no lost master key', async () => {
  let isDown = true;
  const { clock, log, late, user, envelope, alarms } = await heardLate((from) => {
    const read = from.read.bind(from);
    return async (...asked) => {
      if (isDown) throw new Error('simulated: no answer');
      return read(...asked);
    };
  });
  log.release();
  await turn();
  assert.ok(!alarms.includes('DEPLOYMENT_LOCKED'));
  await late.ensureKeys([late.userRef('ben')]);
  isDown = false;
  await clock.advanceAsync(31_000);
  assert.equal(late.open(binding, envelope).outcome, 'value');
  assert.equal(late.state(user), 'active');
});

test('a record that is read again is not taken for the log’s last word', async () => {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { log, late, early, user, envelope, alarms } = await heardLate((from) => {
    const read = from.read.bind(from);
    return async (...asked) => {
      const records = await read(...asked);
      await held;
      return records;
    };
  });
  log.release();
  await turn();
  await early.forget(user);
  await turn();
  letGo();
  await turn();
  assert.equal(late.state(user), 'forgotten');
  assert.equal(late.open(binding, envelope).outcome, 'erased');
  assert.deepEqual(late.deadRecords(), []);
  assert.ok(!alarms.includes('KEY_RETURNED'));
});
