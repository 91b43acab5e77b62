import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBroker } from '@oubliette/broker';
import { openKeyTopic, type KeyTopicSettings } from '@oubliette/kafka';
import { eventually } from '@oubliette/kafka/testing';
import {
  createMasterKeyFile,
  loadMasterKeyFile,
  nudgeRecord,
  openKeyring,
  type KeyLog,
  type Keyring,
} from '@oubliette/keyring';
import { SystemEntropy, type Clock } from '@oubliette/runtime';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { oubliette, realClock, type Ran } from './cli-harness.js';

const directory = mkdtempSync(join(tmpdir(), 'oubliette-cli-keys-'));
const disk = new SimulatedDisk();
const env = { OUBLIETTE_MASTER_KEYS: '/keys/keys.json' };
const keyTopic: KeyTopicSettings = {
  topic: 'oubliette.keys',
  partitions: 3,
  replicationFactor: 1,
  segmentMs: 2_000,
  maxCompactionLagMs: 2_000,
  fileDeleteDelayMs: 1_000,
  deleteRetentionMs: 86_400_000,
};
const binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
let broker: Awaited<ReturnType<typeof startBroker>>;
let log: KeyLog;
let keyring: Keyring;
let closeKeys = (): void => undefined;

/** Time passes so many times as fast: what waits for a minute is over in seconds. */
function hurried(factor: number): Clock {
  const real = realClock();
  const beganAt = real.now();
  return {
    now: () => beganAt + (real.now() - beganAt) * factor,
    monotonic: () => real.monotonic() * factor,
    schedule: (delayMs, task) => real.schedule(delayMs / factor, task),
  };
}

function keys(
  args: readonly string[],
  setting: { clock?: Clock; signal?: AbortSignal; stdin?: string } = {},
): Promise<Ran> {
  const clock = setting.clock ?? realClock();
  return oubliette(['keys', ...args, '--brokers', broker.bootstrap], {
    ...setting,
    clock,
    disk,
    env,
    entropy: new SystemEntropy(),
  });
}

before(async () => {
  broker = await startBroker({ dataDir: directory, port: 0 });
  createMasterKeyFile('/keys/keys.json', disk, new SystemEntropy());
  const entropy = new SystemEntropy();
  const masterKeys = await loadMasterKeyFile('/keys/keys.json', disk, entropy);
  closeKeys = () => masterKeys.close();
  const clock = realClock();
  log = await openKeyTopic({ brokers: [broker.bootstrap], clientId: 'cli-test', clock }, keyTopic);
  keyring = await openKeyring({ log, masterKeys, clock, entropy });
});

after(async () => {
  await keyring.close();
  closeKeys();
  await broker.stop();
  rmSync(directory, { recursive: true });
});

test('keys rotate makes new keys for those it is asked for, and none for a slip of the pen', async () => {
  const [ada, ben, cleo] = [keyring.userRef('ada'), keyring.userRef('ben'), keyring.userRef('cleo')];
  await keyring.ensureKeys([ada, ben, cleo]);
  await keyring.forget(cleo);
  const kidsOf = (userRef: string): number =>
    [...keyring.list()].find((user) => user.userRef === userRef)?.kids.length ?? 0;
  const sealed = keyring.seal(ada, binding, Buffer.from('before'));
  const first = await keys(['rotate', 'ada', '--json']);
  assert.equal(first.code, 0, first.err);
  assert.deepEqual(JSON.parse(first.out), { rotated: 1 });
  await keyring.catchUp([ada, ben]);
  assert.deepEqual([kidsOf(ada), kidsOf(ben)], [2, 1]);
  assert.equal(keyring.open(binding, sealed).outcome, 'value');
  const listed = await keys(['rotate', '--file', '-', '--pseudonyms', '--purpose', 'marketing'], {
    stdin: `${ada}\n${ben}\n`,
  });
  assert.equal(listed.code, 0, listed.err);
  await keyring.catchUp([ada, ben]);
  assert.deepEqual([kidsOf(ada), kidsOf(ben)], [3, 2]);
  for (const slip of ['nobody', 'cleo']) {
    const refused = await keys(['rotate', 'ada', slip]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /1 of 2 users never had a key, or is forgotten \(counted from 1: 2\)/);
    assert.ok(!refused.err.includes(slip));
  }
  await keyring.catchUp([ada]);
  assert.equal(kidsOf(ada), 3);
});

test('keys epoch advance wraps every key anew and destroys the old master key, going on where it was stopped', async () => {
  const users = Array.from({ length: 40 }, (_, index) => keyring.userRef(`user-${index}`));
  await keyring.ensureKeys(users);
  const sealed = keyring.seal(users[0]!, binding, Buffer.from('before'));
  const shown = await keys(['epoch', 'show', '--json']);
  assert.equal(shown.code, 0, shown.err);
  const before = JSON.parse(shown.out) as { current: number; keys: { fingerprint: string }[] };
  assert.deepEqual([before.current, before.keys.length], [1, 1]);

  const stop = new AbortController();
  const stopped = keys(['epoch', 'advance', '--rate', '10'], {
    clock: realClock(),
    signal: stop.signal,
  });
  await eventually('the new epoch', async () => {
    const { out } = await keys(['epoch', 'show', '--json']);
    return (JSON.parse(out) as { current: number }).current === 2;
  });
  stop.abort(new Error('Stopped.'));
  const { code, err } = await stopped;
  assert.equal(code, 1);
  assert.match(err, /The same command goes on where it was/);
  const half = JSON.parse((await keys(['epoch', 'show', '--json'])).out) as {
    current: number;
    keys: unknown[];
  };
  assert.deepEqual([half.current, half.keys.length], [2, 2]);

  const advanced = await keys(['epoch', 'advance', '--json'], { clock: hurried(20) });
  assert.equal(advanced.code, 0, advanced.err);
  const { epoch, rewrapped, recoverableUntil } = JSON.parse(advanced.out) as {
    epoch: number;
    rewrapped: number;
    recoverableUntil: unknown;
  };
  assert.deepEqual([epoch, recoverableUntil], [2, null]);
  assert.ok(rewrapped >= 40, `${rewrapped} keys`);
  assert.match(advanced.err, /^re-wrapping$/m);
  assert.match(advanced.err, /^destroying the old$/m);
  const after = JSON.parse((await keys(['epoch', 'show', '--json'])).out) as {
    current: number;
    keys: { fingerprint: string }[];
  };
  assert.deepEqual([after.current, after.keys.length], [2, 1]);
  assert.notEqual(after.keys[0]?.fingerprint, before.keys[0]?.fingerprint);
  // A process that runs all the while reads on, and writes on.
  assert.equal(keyring.open(binding, sealed).outcome, 'value');
  await keyring.ensureKeys([keyring.userRef('after')]);
  assert.equal((await keys(['list'])).code, 0);
});

test('who waits for a large key topic is shown how far it was read', async () => {
  const quick = await keys(['list']);
  assert.doesNotMatch(quick.err, /records of the key topic read/);
  const thousand = Array.from({ length: 1_000 }, () => nudgeRecord());
  for (let batch = 0; batch < 51; batch++) await log.append(1, thousand);
  const { code, err } = await keys(['list']);
  assert.equal(code, 0, err);
  assert.match(err, /^5\d{4} records of the key topic read$/m);
});

test('keys pepper show and rotate: the new one is in use, the one before it is told until it is ended', async () => {
  const none = await keys(['pepper', 'show']);
  assert.deepEqual([none.code, none.out], [0, 'No pepper: nothing is looked up yet.\n']);
  const first = await keyring.peppers.ensure();
  const hash = keyring.peppers.hash(first, 'email', Buffer.from('ada@example.org'));
  const shown = await keys(['pepper', 'show', '--json']);
  assert.deepEqual(JSON.parse(shown.out), { peppers: [{ id: first, state: 'in use' }] });
  const rotated = await keys(['pepper', 'rotate', '--json']);
  assert.equal(rotated.code, 0, rotated.err);
  const { inUse, peppers } = JSON.parse(rotated.out) as { inUse: string; peppers: unknown };
  assert.notEqual(inUse, first);
  const expected = [
    { id: inUse, state: 'in use' },
    { id: first, state: 'old' },
  ];
  assert.deepEqual(peppers, expected);
  await keyring.peppers.catchUp();
  assert.deepEqual(keyring.peppers.ids(), [inUse, first]);
  assert.equal(keyring.peppers.hash(first, 'email', Buffer.from('ada@example.org')), hash);
  const after = await keys(['pepper', 'show']);
  assert.match(after.out, new RegExp(`${inUse}\\s+in use.*\\n${first}\\s+old`));
  await keyring.peppers.end([first]);
  assert.deepEqual(JSON.parse((await keys(['pepper', 'show', '--json'])).out), {
    peppers: [{ id: inUse, state: 'in use' }],
  });
});
