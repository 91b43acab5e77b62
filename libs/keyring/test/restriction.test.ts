import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey, type Keyring, type StoredKeyLogRecord, type UserRef } from '../src/index.js';
import { InMemoryKeyTopic } from '../src/testing/index.js';
import { binding, failsWith, secret, start, turn, type Process } from './process.js';

interface Ground {
  readonly topic: InMemoryKeyTopic;
  readonly one: Process;
  readonly two: Process;
  readonly ada: UserRef;
  readonly sealed: Uint8Array;
}

async function ground(): Promise<Ground> {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const ada = one.keyring.userRef('ada');
  await one.keyring.ensureKeys([ada]);
  return { topic, one, two, ada, sealed: one.keyring.seal(ada, binding, secret) };
}

function restrictions(topic: InMemoryKeyTopic, keyring: Keyring, userRef: UserRef): StoredKeyLogRecord[] {
  return topic.records(keyring.partitionOf(userRef)).filter(({ key }) => {
    return parseRecordKey(key)?.kind === 'restriction';
  });
}

/** Puts a record of the user there that nobody of this deployment meant. */
async function plant({ topic, one, ada }: Ground, key: Uint8Array, value: Uint8Array | null): Promise<void> {
  await topic.open().append(one.keyring.partitionOf(ada), [{ key, value }]);
  await turn();
}

const opens = ({ keyring }: Process, sealed: Uint8Array): string =>
  keyring.open(binding, sealed, { caughtUp: true }).outcome;

test('nothing of a restricted user opens until it is lifted, and what is written meanwhile is sealed', async () => {
  const { topic, one, two, ada, sealed } = await ground();
  const standing = await one.keyring.restrict(ada);
  assert.deepEqual(await two.keyring.restrict(ada), standing, 'again: the same');
  assert.equal(restrictions(topic, one.keyring, ada).length, 1);
  await two.keyring.rotate([ada]);
  const written = two.keyring.seal(ada, binding, secret);
  await one.keyring.catchUp([ada]);
  for (const process of [one, two, await start(topic)]) {
    for (const envelope of [sealed, written]) {
      assert.deepEqual(process.keyring.open(binding, envelope), {
        outcome: 'restricted',
        lifecycle: 1,
        since: standing.since,
      });
    }
    assert.deepEqual(process.keyring.restriction(ada), standing);
    assert.equal(process.keyring.state(ada), 'active');
  }
  await two.keyring.liftRestriction(ada);
  await two.keyring.liftRestriction(ada);
  await one.keyring.catchUp([ada]);
  topic.compact({ dropTombstones: true });
  for (const process of [one, two, await start(topic)]) {
    assert.equal(opens(process, sealed), 'value');
    assert.equal(opens(process, written), 'value');
    assert.equal(process.keyring.restriction(ada), null);
    assert.deepEqual(process.alarms, []);
  }
  assert.equal(restrictions(topic, one.keyring, ada).length, 1, 'the last word alone');
});

test('it survives compaction and a restart, and stands for the user alone', async () => {
  const { topic, one, ada, sealed } = await ground();
  const bob = one.keyring.userRef('bob');
  await one.keyring.ensureKeys([bob]);
  const ofBob = one.keyring.seal(bob, binding, secret);
  await one.keyring.restrict(ada);
  await one.keyring.liftRestriction(ada);
  const { since } = await one.keyring.restrict(ada);
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  assert.equal(opens(restarted, sealed), 'restricted');
  assert.equal(restarted.keyring.restriction(ada)?.since, since);
  assert.equal(opens(restarted, ofBob), 'value');
  assert.deepEqual(restarted.alarms, []);
});

test('what is malformed is invalid and what is forgotten is erased, restricted or not', async () => {
  const { one, ada, sealed } = await ground();
  await one.keyring.restrict(ada);
  assert.equal(opens(one, sealed.subarray(0, 93)), 'invalid');
  const flipped = sealed.slice();
  flipped[15] = (flipped[15] ?? 0) ^ 1;
  assert.equal(opens(one, flipped), 'invalid');
  await one.keyring.forget(ada);
  assert.equal(opens(one, sealed), 'erased');
});

test('forgetting a restricted user ends the restriction too, in one batch, and the next lifecycle is free of it', async () => {
  const { topic, one, two, ada, sealed } = await ground();
  await one.keyring.restrict(ada);
  await two.keyring.forget(ada);
  await one.keyring.catchUp([ada]);
  assert.equal(one.keyring.restriction(ada), null);
  await assert.rejects(one.keyring.restrict(ada), failsWith('USER_FORGOTTEN'));
  await assert.rejects(one.keyring.liftRestriction(ada), failsWith('USER_FORGOTTEN'));
  topic.compact({ dropTombstones: true });
  assert.deepEqual(restrictions(topic, one.keyring, ada), []);
  assert.equal(await one.keyring.beginLifecycle(ada), 2);
  const again = one.keyring.seal(ada, binding, secret);
  assert.equal(opens(one, again), 'value');
  assert.equal((await one.keyring.restrict(ada)).lifecycle, 2);
  const restarted = await start(topic);
  assert.equal(opens(restarted, again), 'restricted');
  assert.equal(opens(restarted, sealed), 'erased');
  for (const { alarms } of [one, two, restarted]) assert.deepEqual(alarms, []);
});

test('a restriction that a forgetting overtook is refused, and taken out of the topic again', async () => {
  const { topic, one, two, ada } = await ground();
  one.log.hold();
  await two.keyring.forget(ada);
  const late = assert.rejects(one.keyring.restrict(ada), failsWith('USER_FORGOTTEN'));
  await turn();
  one.log.release();
  await late;
  topic.compact({ dropTombstones: true });
  assert.deepEqual(restrictions(topic, one.keyring, ada), []);
});

test('a forged or damaged record restricts nobody and lifts nothing: an alarm', async () => {
  const at = await ground();
  const { topic, one, two, ada, sealed } = at;
  const bob = one.keyring.userRef('bob');
  await one.keyring.ensureKeys([bob]);
  const ofBob = one.keyring.seal(bob, binding, secret);
  await one.keyring.restrict(ada);
  const [record] = restrictions(topic, one.keyring, ada);
  assert.ok(record?.value);
  for (let byte = 0; byte < record.value.length; byte++) {
    const damaged = record.value.slice();
    damaged[byte] = (damaged[byte] ?? 0) ^ 1;
    await plant(at, record.key, damaged);
  }
  for (const value of [record.value.subarray(0, 29), new Uint8Array(0), Uint8Array.of(...record.value, 0)]) {
    await plant(at, record.key, value);
  }
  await two.keyring.catchUp([ada]);
  for (const process of [one, two]) {
    assert.equal(opens(process, sealed), 'restricted');
    assert.deepEqual([...new Set(process.alarms)], ['RESTRICTION_UNAUTHENTIC']);
    assert.equal(process.alarms.length, record.value.length + 3);
  }
  // Ada's record under another name.
  const name = Buffer.from(Buffer.from(record.key).toString('latin1').replace(ada, bob), 'latin1');
  await topic.open().append(one.keyring.partitionOf(bob), [{ key: name, value: record.value }]);
  await one.keyring.catchUp([bob]);
  assert.equal(opens(one, ofBob), 'value');
  const secondLife = Buffer.from(Buffer.from(record.key).toString('latin1').replace('!', '/2!'), 'latin1');
  const before = one.alarms.length;
  await plant(at, secondLife, record.value);
  await one.keyring.catchUp([ada]);
  assert.equal(one.alarms.length, before + 1);
});

test('an older word behind the last one, and a tombstone, are alarms and lift nothing', async () => {
  const at = await ground();
  const { topic, one, ada, sealed } = at;
  await one.keyring.restrict(ada);
  await one.keyring.liftRestriction(ada);
  const lifted = restrictions(topic, one.keyring, ada).at(-1);
  assert.ok(lifted?.value);
  await one.keyring.restrict(ada);
  await plant(at, lifted.key, lifted.value);
  await one.keyring.catchUp([ada]);
  assert.equal(opens(one, sealed), 'restricted');
  assert.deepEqual(one.alarms, ['RESTRICTION_RETURNED']);
  await plant(at, lifted.key, null);
  await one.keyring.catchUp([ada]);
  assert.equal(opens(one, sealed), 'restricted');
  assert.deepEqual(one.alarms, ['RESTRICTION_RETURNED', 'RESTRICTION_TOMBSTONED']);
});

test('a process that says something on an old state of things says it again, so that it holds', async () => {
  const { topic, one, two, ada, sealed } = await ground();
  await one.keyring.restrict(ada);
  await two.keyring.catchUp([ada]);
  // Both at once, on the same state; then the last in the log holds for all.
  await Promise.all([one.keyring.liftRestriction(ada), two.keyring.liftRestriction(ada)]);
  await Promise.all([one.keyring.catchUp([ada]), two.keyring.catchUp([ada])]);
  for (const process of [one, two, await start(topic)]) assert.equal(opens(process, sealed), 'value');
  await Promise.all([one.keyring.restrict(ada), two.keyring.restrict(ada), one.keyring.liftRestriction(ada)]);
  await Promise.all([one.keyring.catchUp([ada]), two.keyring.catchUp([ada])]);
  topic.compact({ dropTombstones: true });
  const third = await start(topic);
  const held = [one, two, third].map((process) => opens(process, sealed));
  assert.equal(new Set(held).size, 1, held.join());
});

test('what is said takes the place of what stands, whatever the clocks say', async () => {
  const { topic, one, ada, sealed } = await ground();
  const first = await one.keyring.restrict(ada);
  // All of it in the same millisecond.
  await one.keyring.liftRestriction(ada);
  const second = await one.keyring.restrict(ada);
  assert.ok(second.since > first.since);
  assert.equal(opens(await start(topic), sealed), 'restricted');
});

test('with a permit the user’s data opens for the work it was given for, and for nothing else', async () => {
  const { one, ada, sealed } = await ground();
  const bob = one.keyring.userRef('bob');
  await one.keyring.ensureKeys([bob]);
  const ofBob = one.keyring.seal(bob, binding, secret);
  for (const userRef of [ada, bob]) await one.keyring.restrict(userRef);
  let proceed = (): void => undefined;
  const gate = new Promise<void>((resolve) => (proceed = resolve));
  let leftRunning = Promise.resolve('');
  const work = one.keyring.withPermit(ada, async () => {
    await gate;
    leftRunning = turn()
      .then(turn)
      .then(() => opens(one, sealed));
    assert.equal(opens(one, ofBob), 'restricted');
    return one.keyring.withPermit(bob, () => Promise.resolve([opens(one, ofBob), opens(one, sealed)]));
  });
  assert.equal(opens(one, sealed), 'restricted', 'beside it');
  proceed();
  assert.deepEqual(await work, ['value', 'value']);
  assert.equal(await leftRunning, 'restricted');
  await assert.rejects(
    one.keyring.withPermit(ada, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(opens(one, sealed), 'restricted');
});

test('whoever listens is told of each change once, not of what stood before, and not of what is forged', async () => {
  const at = await ground();
  const { topic, one, two, ada } = at;
  const told: string[] = [];
  two.keyring.onRestriction(({ userRef, isRestricted }) => told.push(`${userRef === ada} ${isRestricted}`));
  await one.keyring.restrict(ada);
  const [record] = restrictions(topic, one.keyring, ada);
  assert.ok(record);
  await plant(at, record.key, record.value?.slice(1) ?? null);
  await one.keyring.liftRestriction(ada);
  await two.keyring.catchUp([ada]);
  assert.deepEqual(told, ['true true', 'true false']);
  await one.keyring.restrict(ada);
  const late: unknown[] = [];
  const restarted = await start(topic);
  restarted.keyring.onRestriction((change) => late.push(change));
  await restarted.keyring.catchUp([ada]);
  assert.deepEqual(late, []);
});

test('a restricted user stays so where only a record without a key is known, and its key comes later', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const ada = keyring.userRef('ada');
  await keyring.restrict(ada);
  assert.equal(keyring.state(ada), 'unknown');
  await keyring.ensureKeys([ada]);
  assert.equal(keyring.open(binding, keyring.seal(ada, binding, secret)).outcome, 'restricted');
  assert.equal(keyring.size().users, 1);
});

test('what a restriction is called in the topic has one spelling', () => {
  const user = 'a'.repeat(32);
  assert.deepEqual(parseRecordKey(`${user}!restriction`), {
    kind: 'restriction',
    userRef: user,
    lifecycle: 1,
  });
  assert.deepEqual(parseRecordKey(`${user}/12!restriction`), {
    kind: 'restriction',
    userRef: user,
    lifecycle: 12,
  });
  for (const bad of ['/1', '/0', '/01', ':1703c699.1', '#9091929394959697', '!restriction'])
    assert.equal(parseRecordKey(`${user}${bad}!restriction`), null, bad);
});
