import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { type KeyringError, parseRecordKey, parseUserRef, type UserRef } from '../src/index.js';
import { InMemoryKeyTopic, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, keyRecords, secret, start, turn } from './process.js';

test('design 4.1: user ids are checked, and only their keyed hash comes out', async () => {
  const keyring = await openTestKeyring();
  for (const bad of ['', 'x'.repeat(513), 'ü'.repeat(257), '\ud800', 'a\udc00b']) {
    assert.throws(() => keyring.userRef(bad), failsWith('USER_ID_INVALID'));
  }
  for (const good of ['x', 'x'.repeat(512), 'ü'.repeat(256), '😀', ' ']) {
    assert.match(keyring.userRef(good), /^[0-9a-f]{32}$/);
  }
  assert.throws(
    () => keyring.userRef('somebody'.repeat(100)),
    (error: Error) => !error.message.includes('somebody'),
  );
  assert.throws(() => parseUserRef('somebody'), failsWith('USER_REF_INVALID'));
});

test('design 4.2: two kids of one user both decrypt, and forgetting tombstones both', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  one.log.hold();
  two.log.hold();
  const userRef = one.keyring.userRef('ada');
  const minted = Promise.all([one.keyring.ensureKeys([userRef]), two.keyring.ensureKeys([userRef])]);
  await turn();
  one.log.release();
  two.log.release();
  await minted;
  assert.equal(keyRecords(topic, one.keyring, userRef).length, 2);
  assert.equal(one.keyring.size().keys, 2);
  const envelope = one.keyring.seal(userRef, binding, secret);
  assert.deepEqual(envelope.slice(0, 38), two.keyring.seal(userRef, binding, secret).slice(0, 38));
  await two.keyring.forget(userRef);
  const kids = keyRecords(topic, one.keyring, userRef);
  assert.deepEqual(
    kids.map(({ value }) => value === null),
    [false, false, true, true],
  );
  assert.equal(new Set(kids.slice(2).map(({ key }) => String(key))).size, 2);
});

test('design 4.3: a key that was written but not read back is not used', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring, log } = await start(topic);
  const userRef = keyring.userRef('ada');
  log.hold();
  let ready = false;
  const minting = keyring.ensureKeys([userRef]).then(() => {
    ready = true;
  });
  await turn();
  assert.equal(keyRecords(topic, keyring, userRef).length, 1);
  assert.equal(ready, false);
  assert.equal(keyring.state(userRef), 'unknown');
  assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEY_MISSING'));
  log.release();
  await minting;
  assert.equal(keyring.seal(userRef, binding, secret).length, 94 + secret.length);
});

test('design 4.4: not arrived yet, erased and never there are three things', async () => {
  const topic = new InMemoryKeyTopic();
  const [writer, reader] = [await start(topic), await start(topic)];
  const userRef = writer.keyring.userRef('ada');
  reader.log.hold();
  await writer.keyring.ensureKeys([userRef]);
  const envelope = writer.keyring.seal(userRef, binding, secret);
  assert.deepEqual(reader.keyring.open(binding, envelope), {
    outcome: 'unavailable',
    reason: 'key-not-seen',
  });
  reader.log.release();
  await reader.keyring.catchUp([userRef]);
  assert.deepEqual(reader.keyring.open(binding, envelope, { caughtUp: true }), {
    outcome: 'value',
    value: secret,
  });
  const { erasedAt } = await writer.keyring.forget(userRef);
  await reader.keyring.catchUp([userRef]);
  assert.deepEqual(reader.keyring.open(binding, envelope), {
    outcome: 'erased',
    why: 'forgotten',
    lifecycle: 1,
    erasedAt,
  });
});

test('design 4.4: a forgetting keyring learns the keys that others wrote before', async () => {
  const topic = new InMemoryKeyTopic();
  const [writer, forgetter] = [await start(topic), await start(topic)];
  const userRef = writer.keyring.userRef('ada');
  forgetter.log.hold();
  await writer.keyring.ensureKeys([userRef]);
  const forgetting = forgetter.keyring.forget(userRef);
  await turn();
  forgetter.log.release();
  assert.equal((await forgetting).fingerprints.length, 1);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, writer.keyring, userRef), []);
});

test('design 4.4: calls to forget at the same time share one fence; two processes agree on the last', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const userRef = one.keyring.userRef('ada');
  await one.keyring.ensureKeys([userRef]);
  const [first, again] = await Promise.all([one.keyring.forget(userRef), one.keyring.forget(userRef)]);
  assert.equal(first, again);
  const other = one.keyring.userRef('bob');
  await Promise.all([one.keyring.forget(other), two.keyring.forget(other)]);
  await Promise.all([one.keyring.catchUp([other]), two.keyring.catchUp([other])]);
  assert.deepEqual(one.keyring.fence(other), two.keyring.fence(other));
  assert.deepEqual([one.alarms, two.alarms], [[], []]);
});

test('design 4.5: a mint that races a forget is refused, and what it wrote is buried', async () => {
  const topic = new InMemoryKeyTopic();
  const [minter, forgetter] = [await start(topic), await start(topic)];
  const userRef = minter.keyring.userRef('ada');
  minter.log.hold();
  await forgetter.keyring.forget(userRef);
  const minting = assert.rejects(minter.keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
  await turn();
  assert.equal(keyRecords(topic, minter.keyring, userRef).length, 1);
  minter.log.release();
  await minting;
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, minter.keyring, userRef), []);
  assert.deepEqual(minter.keyring.size(), { users: 0, keys: 0, forgotten: 1 });
});

test('design 4.5: a key minted between barrier and fence is buried by the one who forgets', async () => {
  const topic = new InMemoryKeyTopic();
  const [minter, forgetter] = [await start(topic), await start(topic)];
  const userRef = minter.keyring.userRef('ada');
  const barrier = forgetter.log.caughtUp.bind(forgetter.log);
  forgetter.log.caughtUp = async (partition) => {
    await barrier(partition);
    forgetter.log.hold();
    await minter.keyring.ensureKeys([userRef]);
    setImmediate(() => forgetter.log.release());
  };
  const fence = await forgetter.keyring.forget(userRef);
  assert.deepEqual(fence.fingerprints, []);
  assert.throws(() => minter.keyring.seal(userRef, binding, secret), failsWith('USER_FORGOTTEN'));
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, minter.keyring, userRef), []);
});

test('design 4.5: a dead record that cannot be buried now stays listed, and is buried later', async () => {
  const topic = new InMemoryKeyTopic();
  const [one, two] = [await start(topic), await start(topic)];
  const userRef = one.keyring.userRef('ada');
  one.log.hold();
  await two.keyring.forget(userRef);
  const minting = assert.rejects(one.keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
  await turn();
  topic.down = true;
  one.log.release();
  await minting;
  assert.deepEqual(one.alarms, ['DEAD_RECORD_NOT_BURIED']);
  assert.equal(one.keyring.deadRecords().length, 1);
  await assert.rejects(one.keyring.buryDead(), failsWith('KEYRING_UNAVAILABLE'));
  topic.down = false;
  assert.equal(await one.keyring.buryDead(), 1);
  assert.equal(await one.keyring.buryDead(), 0);
});

test('design 4.6: late fences of an older lifecycle take nothing back, also after compaction', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  const partition = keyring.partitionOf(userRef);
  await keyring.forget(userRef);
  const oldFence = topic.records(partition).find(({ key }) => parseRecordKey(key)?.kind === 'fence');
  assert.ok(oldFence);
  assert.equal(await keyring.beginLifecycle(userRef), 2);
  const envelope = keyring.seal(userRef, binding, secret);
  topic.append(partition, [oldFence]);
  await keyring.catchUp([userRef]);
  assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
  await keyring.forget(userRef);
  topic.append(partition, [oldFence]);
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  assert.equal(restarted.keyring.fence(userRef)?.lifecycle, 2);
  assert.equal(restarted.keyring.open(binding, envelope, { caughtUp: true }).outcome, 'erased');
  assert.deepEqual(restarted.alarms, []);
});

test('design 4.6: beginning a lifecycle that is forgotten meanwhile is refused', async () => {
  const topic = new InMemoryKeyTopic();
  const [beginner, forgetter] = [await start(topic), await start(topic)];
  const userRef = beginner.keyring.userRef('ada');
  await forgetter.keyring.forget(userRef);
  const barrier = beginner.log.caughtUp.bind(beginner.log);
  beginner.log.caughtUp = async (partition) => {
    await barrier(partition);
    beginner.log.hold();
    await forgetter.keyring.beginLifecycle(userRef);
    await forgetter.keyring.forget(userRef);
    setImmediate(() => beginner.log.release());
  };
  await assert.rejects(beginner.keyring.beginLifecycle(userRef), failsWith('USER_FORGOTTEN'));
  assert.equal(beginner.keyring.fence(userRef)?.lifecycle, 2);
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, beginner.keyring, userRef), []);
});

test('an outage is KEYRING_UNAVAILABLE and retriable; a lost acknowledgement leads to a second key, not to harm', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('ada');
  topic.down = true;
  for (const call of [
    () => keyring.ensureKeys([userRef]),
    () => keyring.forget(userRef),
    () => keyring.catchUp([userRef]),
    () => keyring.beginLifecycle(userRef),
  ]) {
    await assert.rejects(
      call,
      (error: unknown) => failsWith('KEYRING_UNAVAILABLE')(error) && (error as KeyringError).retriable,
    );
  }
  topic.down = false;
  topic.loseNextAcknowledgement = true;
  await assert.rejects(keyring.ensureKeys([userRef]), failsWith('KEYRING_UNAVAILABLE'));
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  topic.loseNextAcknowledgement = true;
  await assert.rejects(keyring.forget(userRef), failsWith('KEYRING_UNAVAILABLE'));
  const fence = await keyring.forget(userRef);
  assert.equal(fence.lifecycle, 1);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
});

test('many users are minted in one batch a partition, and calls at the same time share it', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 3 });
  const { keyring, log } = await start(topic);
  const refs = Array.from({ length: 2500 }, (_, index) => keyring.userRef(`user ${index}`));
  const sizes: number[] = [];
  const append = log.append.bind(log);
  log.append = (partition, records) => {
    sizes.push(records.length);
    return append(partition, records);
  };
  await Promise.all([
    keyring.ensureKeys(refs),
    keyring.ensureKeys([...refs, ...refs]),
    keyring.ensureKeys(refs.slice(7)),
  ]);
  assert.equal(sizes.length, 3);
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    2500,
  );
  const perPartition = new InMemoryKeyTopic({ partitions: 1 });
  const single = await start(perPartition);
  const singleRefs = refs.map((_, index) => single.keyring.userRef(`user ${index}`));
  await single.keyring.ensureKeys(singleRefs);
  assert.equal(single.keyring.size().keys, 2500);
  assert.equal(perPartition.end(0), 2501n);
});

test('a batch with a forgotten user is refused before anything is written', async () => {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const [gone, fresh] = [keyring.userRef('gone'), keyring.userRef('fresh')];
  await keyring.forget(gone);
  await assert.rejects(keyring.ensureKeys([fresh, gone]), failsWith('USER_FORGOTTEN'));
  assert.deepEqual(keyRecords(topic, keyring, fresh), []);
  assert.equal(keyring.state(fresh), 'unknown');
});

test('a closed keyring refuses, and says so', async () => {
  const { keyring } = await start(new InMemoryKeyTopic());
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const envelope = keyring.seal(userRef, binding, secret);
  await Promise.all([keyring.close(), keyring.close()]);
  assert.deepEqual(keyring.open(binding, envelope), { outcome: 'unavailable', reason: 'closed' });
  assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEYRING_CLOSED'));
  assert.throws(() => keyring.userRef('x'), failsWith('KEYRING_CLOSED'));
  assert.throws(() => keyring.userRefOf(envelope), failsWith('KEYRING_CLOSED'));
  await assert.rejects(keyring.ensureKeys([userRef]), failsWith('KEYRING_CLOSED'));
  await assert.rejects(keyring.forget(userRef), failsWith('KEYRING_CLOSED'));
});

test('a keyring that closes or is closed says of nobody that it knows nothing', async () => {
  const { keyring } = await start(new InMemoryKeyTopic());
  const [living, gone] = ['living', 'gone'].map((id) => keyring.userRef(id)) as [UserRef, UserRef];
  await keyring.ensureKeys([living, gone]);
  await keyring.ensureKeys([living], 'marketing');
  await keyring.withdraw(living, 'marketing');
  await keyring.forget(gone);
  const listing = keyring.list()[Symbol.iterator]();
  listing.next();
  const closing = keyring.close();
  for (let look = 0; look < 2; look++) {
    for (const ask of [
      () => keyring.state(living),
      () => keyring.fence(gone),
      () => keyring.isWithdrawn(living, 'marketing'),
      () => keyring.hasKey(living),
      () => keyring.deadRecords(),
      () => keyring.list(),
    ]) {
      assert.throws(ask, failsWith('KEYRING_CLOSED'));
    }
    assert.equal(keyring.isFresh, false);
    await assert.rejects(keyring.buryDead(), failsWith('KEYRING_CLOSED'));
    await closing;
  }
  assert.throws(() => keyring.peppers.ids(), failsWith('KEYRING_CLOSED'));
  assert.throws(
    () => listing.next(),
    failsWith('KEYRING_CLOSED'),
    'a list that was begun does not end early',
  );
  assert.match(inspect(keyring), /LogKeyring/);
});

test('closing while a mint is under way ends it as closed', async () => {
  const { keyring, log } = await start(new InMemoryKeyTopic());
  log.hold();
  const minting = assert.rejects(keyring.ensureKeys([keyring.userRef('ada')]), failsWith('KEYRING_CLOSED'));
  await turn();
  await keyring.close();
  await minting;
});

test('design 4.13 and 4.15: neither inspection nor errors nor alarms show keys or user ids', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const { keyring } = await start(topic);
  const userRef = keyring.userRef('a-recognizable-user');
  await keyring.ensureKeys([userRef]);
  const messages: string[] = [];
  keyring.onAlarm(({ message }) => messages.push(message));
  topic.append(0, [
    { key: new TextEncoder().encode(userRef), value: null },
    { key: new TextEncoder().encode('junk'), value: null },
  ]);
  await keyring.forget(userRef);
  await keyring.ensureKeys([userRef]).catch((error: unknown) => messages.push(inspect(error, { depth: 9 })));
  messages.push(inspect(keyring, { depth: 9, showHidden: true }));
  assert.equal(messages.length, 3);
  for (const message of messages) {
    assert.equal(message.includes('recognizable') || message.includes(userRef), false, message);
  }
  assert.match(messages[2] ?? '', /^LogKeyring \{ users: 0, keys: 0, forgotten: 1 \}$/);
});

test('list and size say what stands', async () => {
  const { keyring } = await start(new InMemoryKeyTopic({ partitions: 1 }));
  const [ada, gone] = [keyring.userRef('ada'), keyring.userRef('gone')];
  await keyring.ensureKeys([ada, gone]);
  await keyring.forget(gone);
  const listed = [...keyring.list()].map(({ userRef, state, lifecycle, kids }) => [
    userRef,
    state,
    lifecycle,
    kids.length,
  ]);
  assert.deepEqual(listed, [
    [ada, 'active', 1, 1],
    [gone, 'forgotten', 1, 0],
  ]);
  assert.deepEqual(keyring.size(), { users: 1, keys: 1, forgotten: 1 });
});
