import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock } from '@oubliette/runtime/testing';
import { RestrictionService } from '../../src/index.js';
import { checkRestrictions } from '../../src/restriction/restriction-check.js';
import { InMemoryPrivacyLog } from '../../src/testing/index.js';

const ids = ['ada', 'ben', 'eve', 'fay', 'gus'] as const;

async function stage() {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const log = new InMemoryPrivacyLog();
  const keyring = await openTestKeyring({ topic, clock });
  await keyring.ensureKeys(ids.map((id) => keyring.userRef(id)));
  const service = new RestrictionService({ keyring, log, clock });
  const logged: string[] = [];
  return {
    clock,
    keyring,
    log,
    service,
    logged,
    /** A keyring on a copy of the topic as it is now. */
    copy: (): Promise<Keyring> => {
      const restored = new InMemoryKeyTopic({ clock });
      for (let partition = 0; partition < topic.partitionCount; partition++) {
        const records = topic.records(partition);
        if (records.length > 0) restored.append(partition, records);
      }
      return openTestKeyring({ topic: restored, clock });
    },
    check: (on: Keyring) =>
      checkRestrictions({
        keyring: on,
        log,
        logger: {
          info: () => undefined,
          warn: () => undefined,
          error: (message: string) => void logged.push(message),
        },
      }),
  };
}

function restricted(keyring: Keyring): string[] {
  return ids.filter((id) => keyring.restriction(keyring.userRef(id)) !== null);
}

test('a restriction that a restored copy lost stands again, and is told of', async () => {
  const { service, copy, check, keyring, logged } = await stage();
  await service.restrict('ada', 'contested');
  const before = await copy();
  for (const id of ['ben', 'eve', 'fay']) await service.restrict(id, 'contested');
  await service.lift('fay', 'settled');
  assert.deepEqual(await check(keyring), { standing: 3, restrictedAgain: 0, unlogged: 0 });
  assert.deepEqual(logged, []);
  assert.deepEqual(await check(before), { standing: 3, restrictedAgain: 2, unlogged: 0 });
  assert.deepEqual(restricted(before), ['ada', 'ben', 'eve']);
  assert.match(logged.join('\n'), /^2 restrictions of the privacy log were not in the key topic/);
  assert.deepEqual(await check(before), { standing: 3, restrictedAgain: 0, unlogged: 0 });
});

test('who is restricted and not by the log stays so, and is told of', async () => {
  const { service, copy, check, keyring, logged } = await stage();
  await service.restrict('ada', 'contested');
  await keyring.restrict(keyring.userRef('ben'));
  const before = await copy();
  await service.lift('ada', 'settled');
  assert.deepEqual(await check(before), { standing: 0, restrictedAgain: 0, unlogged: 2 });
  assert.deepEqual(restricted(before), ['ada', 'ben']);
  assert.match(logged.join('\n'), /^2 users are restricted in the key topic and not by the privacy log/);
});

test('forgetting ended a restriction, and the next lifecycle is free of it', async () => {
  const { service, clock, check, keyring, log, logged } = await stage();
  for (const id of ['ada', 'ben', 'eve']) await service.restrict(id, 'contested');
  clock.advance(1_000);
  await keyring.forgetMany(['ada', 'ben', 'eve'].map((id) => keyring.userRef(id)));
  for (const id of ['ben', 'eve']) await keyring.beginLifecycle(keyring.userRef(id));
  clock.advance(1_000);
  await service.restrict('eve', 'again');
  // Written by a clock that is ahead, before the fence.
  const ahead = { at: clock.now() + 9_000, reason: 'contested', erasureId: null };
  await log.append({ ...ahead, kind: 'restricted', userRef: keyring.userRef('ada') });
  assert.deepEqual(await check(keyring), { standing: 1, restrictedAgain: 0, unlogged: 0 });
  assert.deepEqual(restricted(keyring), ['eve']);
  assert.deepEqual(logged, []);
});

test('a log of many pages is read a page at a time, and what somebody lifts meanwhile is not restricted', async () => {
  const { log, check, keyring, clock } = await stage();
  const refs = Array.from({ length: 1_005 }, (_, index) => keyring.userRef(`user-${index}`));
  const entry = { at: clock.now(), reason: 'contested', erasureId: null };
  for (const userRef of refs) await log.append({ ...entry, kind: 'restricted', userRef });
  await log.append({ ...entry, kind: 'restricted', userRef: keyring.userRef('ada') });
  // While the second page is worked on.
  const last = keyring.userRef('user-1004');
  const lift = keyring.onRestriction(({ userRef }) => {
    if (userRef === refs[1_003]) void log.append({ ...entry, kind: 'restriction-lifted', userRef: last });
  });
  assert.deepEqual(await check(keyring), { standing: 1_006, restrictedAgain: 1_005, unlogged: 0 });
  lift();
  assert.equal(keyring.restriction(last), null);
  assert.deepEqual(restricted(keyring), ['ada']);
});
