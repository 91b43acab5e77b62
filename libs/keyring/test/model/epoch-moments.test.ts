import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { KeyringError } from '../../src/index.js';
import { binding, failsWith, secret, turn } from '../process.js';
import { Moments } from './moments.js';
import { TurningHouse, type Process } from './turning-house.js';

const leaseMs = 30_000;
/** More than a turn has; a test that came here would not end. */
const MOST_MOMENTS = 500;
/** From one moment that is tried to the next. */
const stride = process.env['OUBLIETTE_FULL'] === '1' ? 1 : 6;

interface Stage {
  readonly house: TurningHouse;
  readonly moment: number;
  readonly when: 'before' | 'after';
}

/**
 * Runs `play` for every moment of a turn, before it and after it, until it says that the turn had no such moment; every sixth where time
 * is short.
 */
async function everyMoment(t: TestContext, play: (stage: Stage) => Promise<boolean>): Promise<void> {
  let moments = 0;
  for (const when of ['before', 'after'] as const) {
    for (let moment = 0, isReached = true; isReached; moment += stride) {
      assert.ok(moment < MOST_MOMENTS);
      const house = await TurningHouse.found();
      try {
        isReached = await play({ house, moment, when });
        if (isReached) moments++;
      } catch (cause) {
        throw new Error(`${when} moment ${moment} of the turn`, { cause });
      } finally {
        await house.close();
      }
    }
  }
  assert.ok(moments > 60 / stride);
  t.diagnostic(`${moments} moments`);
}

const turnOf =
  ({ keyring }: Process) =>
  async (): Promise<number> =>
    (await keyring.advanceEpoch()).epoch;

/** A turn that another one overtook may say that it is to be tried again, or that what it had just read is of a key that is gone. */
async function overtaken(turning: Promise<unknown>): Promise<void> {
  try {
    await turning;
  } catch (error) {
    assert.ok(error instanceof KeyringError, String(error));
    assert.ok(error.retriable || error.code === 'MASTER_KEY_MISMATCH', String(error));
  }
}

test('design 4.11: users who are forgotten and purposes that are withdrawn at any moment of a turn stay so', async (t) => {
  await everyMoment(t, async ({ house, moment, when }) => {
    const other = await house.enter();
    const moments = new Moments(moment, when, async () => {
      await other.keyring.forget(house.resident(moment).userRef);
      await other.keyring.withdraw(house.resident(moment + 1).userRef, 'marketing');
    });
    assert.equal(await moments.during(turnOf(await house.enter(moments))), 2);
    await house.judge();
    return moments.isReached;
  });
});

test('design 4.11: keys that are made and rotated by others at any moment of a turn are not lost', async (t) => {
  await everyMoment(t, async ({ house, moment, when }) => {
    const other = await house.enter();
    const moments = new Moments(moment, when, async () => {
      await house.admit(other.keyring, 'newcomer');
      const resident = house.resident(moment);
      await other.keyring.rotate([resident.userRef]);
      resident.envelopes.push(other.keyring.seal(resident.userRef, binding, secret));
    });
    assert.equal(await moments.during(turnOf(await house.enter(moments))), 2);
    await house.judge();
    return moments.isReached;
  });
});

test('design 4.11: a turn whose process dies at any moment is ended by the next one', async (t) => {
  await everyMoment(t, async ({ house, moment, when }) => {
    const other = await house.enter();
    const moments = Moments.death(moment, when);
    const dying = await house.enter(moments);
    const turned = await moments.during(turnOf(dying)).catch(() => null);
    assert.equal(turned === null, moments.isReached);
    await dying.keyring.close();
    const next = await house.enter();
    const { epoch } = await next.keyring.advanceEpoch();
    // Whoever died behind the last step had turned it already.
    assert.ok(epoch === 2 || epoch === 3);
    await house.judge();
    await house.admit(other.keyring, 'newcomer');
    return moments.isReached;
  });
});

test('design 4.11: two turns at once agree, whenever the second comes in', async (t) => {
  await everyMoment(t, async ({ house, moment, when }) => {
    const second = await house.enter();
    const moments = new Moments(moment, when, async () => void (await second.keyring.advanceEpoch()));
    const first = await house.enter(moments);
    await overtaken(moments.during(turnOf(first)));
    // A revision that lands behind a later one is told of, and who wrote it sets that right; and who was held up while it asked its master
    // key could not read what was wrapped anew meanwhile.
    await house.judge({ alarmsDue: ['DEPLOYMENT_CHANGED', 'KEY_RECORD_UNREADABLE'] });
    return moments.isReached;
  });
});

test('design 4.11: two turns side by side agree, and tell of nothing strange', async () => {
  const house = await TurningHouse.found();
  const [one, two] = [await house.enter(), await house.enter()];
  await Promise.all([overtaken(one.keyring.advanceEpoch()), overtaken(two.keyring.advanceEpoch())]);
  await house.judge();
  await house.close();
});

for (const isDeaf of [false, true]) {
  const how = isDeaf ? 'was suspended' : 'hung';
  test(`design 4.11: a turn that ${how} while two others were made loses no key when it goes on`, async (t) => {
    await everyMoment(t, async ({ house, moment, when }) => {
      const second = await house.enter();
      let first: Process | null = null;
      const twoTurns = async (): Promise<void> => {
        if (isDeaf) first?.inner.hold();
        await second.keyring.advanceEpoch();
        await second.keyring.advanceEpoch();
        if (isDeaf) setImmediate(() => first?.inner.release());
      };
      // An append that was sent lands within 30 s: the turn counts on that.
      const moments = new Moments(moment, when, twoTurns, true);
      first = await house.enter(moments);
      await overtaken(moments.during(turnOf(first)));
      // Whatever it left undone, the next turn finds a house in order.
      await (await house.enter()).keyring.advanceEpoch();
      // Of the epoch between, whose keys it never had, it could read nothing.
      await house.judge({ alarmsDue: ['KEY_RECORD_UNREADABLE', 'DEPLOYMENT_LOCKED', 'DEPLOYMENT_CHANGED'] });
      return moments.isReached;
    });
  });
}

test('design 4.10 and 4.11: who does not hear of the turn makes no key that nobody else can read', async () => {
  const house = await TurningHouse.found();
  const stale = await house.enter();
  // Of a partition without the deployment: a follower that has lost one broker of two.
  const userId = ['a', 'b', 'c', 'd', 'e'].find(
    (id) => stale.keyring.partitionOf(stale.keyring.userRef(id)) === 1,
  );
  assert.ok(userId !== undefined);
  stale.log.deafen();
  const turning = (await house.enter()).keyring.advanceEpoch();
  await turning;
  house.clock.advance(leaseMs);
  await assert.rejects(house.admit(stale.keyring, userId), failsWith('KEYRING_UNAVAILABLE'));
  stale.log.listen();
  await stale.keyring.catchUp([stale.keyring.userRef(userId)]);
  await house.admit(stale.keyring, `${userId} again`);
  await house.judge({ alarmsDue: ['KEY_RECORD_UNREADABLE'] });
  await house.close();
});

test('design 4.11: who has heard of the turn, and has not opened the new keys yet, makes no key meanwhile', async () => {
  const house = await TurningHouse.found();
  const moments = new Moments(0, 'before', () => hanging);
  let letGo: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => (letGo = resolve));
  const slow = await house.enter(moments);
  moments.isOn = true;
  await (await house.enter()).keyring.advanceEpoch();
  const admitted = house.admit(slow.keyring, 'newcomer');
  await turn();
  letGo();
  await admitted;
  await house.judge({ alarmsDue: ['KEY_RECORD_UNREADABLE'] });
  await house.close();
});
