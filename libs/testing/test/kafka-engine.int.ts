import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KeyTopicProgress } from '@oubliette/kafka';
import { createMasterKeyFile } from '@oubliette/keyring';
import { openKafkaEngine, type KafkaEngineOptions, type OublietteEngine } from '@oubliette/nest';
import { InMemoryStores } from '@oubliette/privacy/testing';
import { SystemClock, SystemDisk, SystemEntropy, type Clock } from '@oubliette/runtime';
import { startBundledBroker, temporaryDirectory, type EngineServer } from '@oubliette/testing';

const directory = temporaryDirectory();
const file = join(directory.path, 'keys.json');
const binding = { stream: 'students', type: 'Moved', eventId: 'e-1', path: 'city' };
let broker: EngineServer;

before(async () => {
  broker = await startBundledBroker({ workDir: join(directory.path, 'broker') });
  createMasterKeyFile(file, new SystemDisk(), new SystemEntropy());
});
after(async () => {
  await broker.stop();
  directory.remove();
});

function engine(options: Partial<KafkaEngineOptions> = {}): Promise<OublietteEngine> {
  return openKafkaEngine({
    brokers: [broker.bootstrap],
    clientId: 'engine',
    masterKeys: { file },
    stores: new InMemoryStores(),
    keyTopic: { partitions: 2 },
    ...options,
  });
}

/** Time passes so many times as fast: what waits for a minute is over in seconds. */
function hurried(factor: number): Clock {
  const real = new SystemClock();
  const beganAt = real.now();
  return {
    now: () => beganAt + (real.now() - beganAt) * factor,
    monotonic: () => real.monotonic() * factor,
    schedule: (delayMs, task) => real.schedule(delayMs / factor, task),
  };
}

test('an engine reads and writes on while another process turns the master-key epoch', async () => {
  const running = await engine();
  const other = await engine({
    clock: hurried(20),

    masterKeys: { place: `file:${file}` },
  });
  try {
    const ann = running.keyring.userRef('ann');
    await running.keyring.ensureKeys([ann]);
    const envelope = running.keyring.seal(ann, binding, Buffer.from('Lyon'));
    assert.equal((await other.keyring.advanceEpoch()).epoch, 2);
    assert.equal(running.keyring.open(binding, envelope).outcome, 'value');
    const bob = running.keyring.userRef('bob');
    await running.keyring.ensureKeys([bob]);
    await other.keyring.catchUp([bob]);
    const ofBob = running.keyring.seal(bob, binding, Buffer.from('Rome'));
    assert.equal(other.keyring.open(binding, ofBob).outcome, 'value');
  } finally {
    await other.close();
    await running.close();
  }
});

test('policies of the module are those of the keys, by purpose', async () => {
  const { keyring, close } = await engine({
    userKeys: { policy: { rotateAfterUses: 1 }, purposes: { marketing: { rotateAfterUses: 3 } } },
  });
  try {
    const user = keyring.userRef('cleo');
    for (let use = 0; use < 3; use++) {
      await keyring.ensureKeys([user]);
      await keyring.ensureKeys([user], 'marketing');
      keyring.seal(user, binding, Buffer.from('x'));
      keyring.seal(user, binding, Buffer.from('x'), 'marketing');
    }
    const kids = [...keyring.list()].find(({ userRef }) => userRef === user)?.kids.length;
    assert.equal(kids, 3 + 1);
  } finally {
    await close();
  }
  await assert.rejects(engine({ userKeys: { policy: { lifetimeMs: 0 } } }), { code: 'KEY_POLICY_INVALID' });
});

test('the module says how many keys are held in memory, and hears how far the key topic was read', async () => {
  const heard: KeyTopicProgress[] = [];
  const keyTopic = { topic: 'keys.of.many', partitions: 2 };
  const writer = await engine({ keyTopic });
  const small = await engine({
    keyTopic,
    userKeys: { keysInMemory: 4, onProgress: (progress) => void heard.push(progress) },
  });
  try {
    const users = Array.from({ length: 12 }, (_, index) => writer.keyring.userRef(`user ${index}`));
    await writer.keyring.ensureKeys(users);
    const sealed = users.map((user) => writer.keyring.seal(user, binding, Buffer.from('Lyon')));
    const { keyring } = small;
    await assert.rejects(keyring.catchUp(users), { code: 'KEY_LIMIT' });
    for (let from = 0; from < users.length; from += 2) {
      await keyring.catchUp(users.slice(from, from + 2));
      for (const envelope of sealed.slice(from, from + 2)) {
        assert.equal(keyring.open(binding, envelope, { caughtUp: true }).outcome, 'value');
      }
    }
    assert.deepEqual(keyring.size().keys, 12);
    const last = heard.at(-1);
    assert.ok(last !== undefined && last.read === last.total);
  } finally {
    await small.close();
    await writer.close();
  }
});
