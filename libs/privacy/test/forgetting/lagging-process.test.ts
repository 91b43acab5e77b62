import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Binding, Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { ForgettingService } from '../../src/index.js';
import { InMemoryErasureStore, InMemoryPrivacyLog, SimulatedKeyTopic } from '../../src/testing/index.js';
import { quick } from './forgetting-harness.js';

const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };

for (const known of ['active', 'forgotten'] as const) {
  test(`a process that has not heard of a new lifecycle forgets it all the same: it knew the user as ${known}`, async () => {
    const clock = new ManualClock();
    const topic = new InMemoryKeyTopic({ clock });
    const store = new InMemoryErasureStore();
    const serviceOn = (keyring: Keyring, seed: number): ForgettingService =>
      new ForgettingService({
        keyring,
        store,
        log: new InMemoryPrivacyLog(),
        window: new SimulatedKeyTopic(clock, quick, topic.partitionCount),
        clock,
        entropy: new SeededEntropy(seed),
      });
    const log = topic.open();
    const [behind, ahead] = [await openTestKeyring({ log, clock }), await openTestKeyring({ topic, clock })];
    const [late, early] = [serviceOn(behind, 1), serviceOn(ahead, 2)];
    const ada = ahead.userRef('ada');
    await ahead.ensureKeys([ada]);
    await behind.catchUp([ada]);
    if (known === 'active') log.hold();
    const first = await early.request('ada');
    await behind.catchUp(known === 'active' ? [] : [ada]);
    log.hold();
    await ahead.beginLifecycle(ada);
    const envelope = ahead.seal(ada, binding, Uint8Array.of(1));
    assert.equal(behind.state(ada), known);
    const second = late.request('ada');
    await Promise.resolve();
    log.release();
    assert.equal((await second).lifecycle, 2);
    assert.notEqual((await second).erasureId, first.erasureId);
    await ahead.catchUp([ada]);
    assert.equal(ahead.open(binding, envelope).outcome, 'erased');
    for (const part of [late, early, behind, ahead]) await part.close();
  });
}
