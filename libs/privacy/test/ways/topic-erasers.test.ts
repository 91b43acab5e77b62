import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { silentLogger } from '../../src/logger.js';
import { SimulatedKeyTopic, SimulatedTopic } from '../../src/testing/index.js';
import { tombstoneBound } from '../../src/ways/topic-records.js';
import { TopicErasers } from '../../src/ways/topic-erasers.js';
import { quick } from '../forgetting/forgetting-harness.js';

test('the bound of a topic is read from the cluster once a minute, and is none while that fails', async (t) => {
  const clock = new ManualClock();
  const logs = new SimulatedKeyTopic(clock, quick, 1);
  const nothing = () => Promise.resolve();
  const erasers = new TopicErasers({
    openTopic: (topic) => new SimulatedTopic(topic, logs),
    clock,
    logger: silentLogger,
    listener: { standing: nothing, blocked: nothing, marked: nothing, gone: nothing },
  });
  t.after(async () => {
    await erasers.close();
    logs.close();
  });
  const addresses = { topic: 'addresses', way: 'tombstone' } as const;
  const { ms } = tombstoneBound(await logs.settings());
  logs.calls.settings = 0;
  for (let asked = 0; asked < 3; asked++) assert.equal(await erasers.boundMs(addresses), ms);
  assert.equal(logs.calls.settings, 1);
  await clock.advanceAsync(60_001);
  logs.fail(new Error('away'));
  assert.equal(await erasers.boundMs(addresses), null);
});
