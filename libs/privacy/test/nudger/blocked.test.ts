import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { BlockageCode } from '../../src/index.js';
import { blockageBy, keyInFile } from '../../src/nudger/blockage.js';
import type { Nudger } from '../../src/nudger/nudger.js';
import { Stage } from './stage.js';

/** Forgets a user, lets something hold up the erasure, and then ends that. */
async function held(
  t: TestContext,
  code: BlockageCode,
  hold: (stage: Stage) => void,
  end: (stage: Stage) => void,
): Promise<{ stage: Stage; nudger: Nudger }> {
  const stage = await Stage.start(t);
  const nudger = stage.nudger();
  const { d } = stage;
  const before = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([before]);
  if (code === 'OPEN_TRANSACTION') hold(stage);
  nudger.add(await stage.forgotten('ada'));
  if (code !== 'OPEN_TRANSACTION') hold(stage);
  assert.notEqual(await stage.until(`ada ${code}`, 60_000, 200), null);
  assert.ok(!stage.told.includes('ada gone'));
  const [blocked, ...others] = nudger.blocked;
  assert.deepEqual(others, []);
  assert.deepEqual([blocked?.partition, blocked?.code, blocked?.jobs], [0, code, 1]);
  const { since } = blocked!;
  await d.clock.advanceAsync(30_000);
  // It is said once, and since when.
  assert.equal(stage.told.filter((what) => what === `ada ${code}`).length, 1);
  assert.equal(nudger.blocked[0]?.since, since);
  end(stage);
  assert.notEqual(await stage.until('ada gone', 120_000, 200), null);
  assert.deepEqual(nudger.blocked, []);
  assert.ok(!d.topic.holdsKeyOf(before));
  return { stage, nudger };
}

test('an open transaction is named with its producer, and what stands is told again when it has ended', async (t) => {
  const { stage } = await held(
    t,
    'OPEN_TRANSACTION',
    ({ d }) => d.topic.openTransaction(0, 4000n),
    ({ d }) => d.topic.endTransaction(4000n),
  );
  assert.deepEqual(stage.told[0], 'ada 1');
});

test('too few replicas in sync are named: the high watermark stands still', async (t) => {
  await held(
    t,
    'TOO_FEW_IN_SYNC',
    ({ d }) => [2, 3].forEach((broker) => d.topic.stopBroker(broker)),
    ({ d }) => [2, 3].forEach((broker) => d.topic.startBroker(broker)),
  );
});

test('a partition without a leader is named', async (t) => {
  await held(
    t,
    'NO_LEADER',
    ({ d }) => [1, 2, 3].forEach((broker) => d.topic.stopBroker(broker)),
    ({ d }) => [3, 2, 1].forEach((broker) => d.topic.startBroker(broker)),
  );
});

test('a cleaner that does nothing is called stuck when the bound has passed, with its broker', async (t) => {
  await held(
    t,
    'CLEANER_STUCK',
    ({ d }) => d.topic.stopCleaner(2),
    ({ d }) => d.topic.startCleaner(2),
  );
});

test('the words of each', () => {
  const sound = { leader: 1, inSync: 3, minInSync: 2, openTransactions: [] };
  assert.equal(blockageBy(sound), null);
  assert.match(blockageBy({ ...sound, leader: null })!.message, /no leader/);
  const few = blockageBy({ ...sound, inSync: 1 })!;
  assert.equal(few.message, '1 replica in sync of min.insync.replicas=2: the high watermark stands still');
  const openTransactions = Array.from({ length: 5 }, (_, index) => ({
    producerId: 4000n + BigInt(index),
    startOffset: 17n,
  }));
  assert.equal(
    blockageBy({ ...sound, openTransactions: openTransactions.slice(0, 1) })!.message,
    'open transaction of producer 4000 since offset 17',
  );
  assert.match(blockageBy({ ...sound, openTransactions })!.message, /4002 since offset 17 and 2 more$/);
});

test('a file is named where it is held up, but for a name that may be somebody’s or is no plain text', () => {
  const said = (file: string): string => keyInFile({ replica: 1, file }).message;
  for (const file of ['keys-0/00000000000000000000.log.bak', 'keys-0.bak/copy', 'copy'])
    assert.ok(said(file).startsWith(`a key stands in ${file} of broker 1, `), file);
  for (const file of [
    'keys-0/ada@example.com.log',
    'keys-0/a\nb',
    'keys-0/\u001b[31m',
    'keys-0/Ada Lovelace',
    'a/b/c',
  ])
    assert.match(said(file), /^a key stands in a file \(`oubliette erasure verify` names it\) of broker 1, /);
});
