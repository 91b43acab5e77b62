import assert from 'node:assert/strict';
import type { EpochTurn, Keyring, MasterKeys } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { sleep, SystemClock } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';

const binding = { stream: 'lessons', type: 'LessonViewed', eventId: '1', path: 'name' };

/**
 * Turns the epoch of a keyring over real master keys: the living read on, also in a new process, and a copy of the key topic
 * from before opens no more with the master keys of today.
 */
export async function turnsTheEpoch(open: () => Promise<MasterKeys>): Promise<EpochTurn> {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const opened: (() => Promise<void>)[] = [];
  const openOver = async (over: InMemoryKeyTopic): Promise<Keyring> => {
    const masterKeys = await open();
    opened.push(async () => masterKeys.close());
    const keyring = await openTestKeyring({ topic: over, clock, masterKeys });
    opened.push(() => keyring.close());
    return keyring;
  };
  try {
    const keyring = await openOver(topic);
    const [living, gone] = ['ada', 'grace'].map((name) => keyring.userRef(name));
    assert.ok(living && gone);
    await keyring.ensureKeys([living, gone]);
    const value = new TextEncoder().encode('a name');
    const [livingValue, goneValue] = [living, gone].map((userRef) => keyring.seal(userRef, binding, value));
    assert.ok(livingValue && goneValue);
    const copy = copyOf(topic, clock);
    await keyring.forget(gone);
    const turn = await whileTimePasses(clock, keyring.advanceEpoch());
    for (const process of [keyring, await openOver(topic)]) {
      assert.deepEqual(process.open(binding, livingValue), { outcome: 'value', value });
      assert.equal(process.open(binding, goneValue).outcome, 'erased');
    }
    const keys = await open();
    opened.push(async () => keys.close());
    assert.deepEqual(await keys.keys(), [keys.current]);
    assert.equal(keys.current.epoch, turn.epoch);
    await assert.rejects(openOver(copy), { code: 'MASTER_KEY_MISMATCH' });
    return turn;
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

function copyOf(topic: InMemoryKeyTopic, clock: ManualClock): InMemoryKeyTopic {
  const copy = new InMemoryKeyTopic({ clock });
  for (let partition = 0; partition < topic.partitionCount; partition++)
    for (const record of topic.records(partition)) copy.append(partition, [record]);
  return copy;
}

/** The keyring's time is simulated, the master keys' is not. */
async function whileTimePasses<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const real = new SystemClock();
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  over.catch(() => undefined);
  for (let round = 0; round < 2_000 && !isOver; round++) {
    await clock.advanceAsync(1_000);
    await sleep(real, 5);
  }
  return over;
}
