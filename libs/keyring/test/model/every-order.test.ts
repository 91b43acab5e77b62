import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeedName } from './actor.js';
import { everyOrder, type Scenario } from './every-order.js';
import { NoBurial, NoReadBack, TwoBatches } from './faulty-key-logs.js';
import type { GroundName } from './ground.js';
import { SteppedKeyLog } from './stepped-key-log.js';

const isFull = process.env['OUBLIETTE_FULL'] === '1';
const scenario = (ground: GroundName, ...deeds: DeedName[]): Scenario => ({ ground, deeds });

/** A writer of each kind and one who ends what it writes for, and two writers with one who does. */
const quick = [
  scenario('a user', 'rotate', 'forget'),
  scenario('a user', 'mint marketing', 'forget'),
  scenario('a user', 're-wrap', 'forget'),
  scenario('a user with marketing', 'rotate marketing', 'withdraw marketing'),
  scenario('a user with marketing', 're-wrap', 'withdraw marketing'),
  scenario('a forgotten user', 'begin anew', 'forget'),
  scenario('a user without marketing', 'grant marketing', 'withdraw marketing'),
  scenario('nobody', 'mint', 'mint', 'forget'),
];
const more = [
  scenario('a user', 'mint marketing', 'rotate', 'forget'),
  scenario('a user', 'rotate', 'rotate', 'forget'),
  scenario('a user', 'rotate', 're-wrap', 'forget'),
  scenario('a user', 'mint marketing', 're-wrap', 'forget'),
  scenario('a user', 're-wrap', 're-wrap', 'forget'),
  scenario('a user', 'mint marketing', 'mint marketing', 'withdraw marketing'),
  scenario('a user with marketing', 'rotate marketing', 'rotate marketing', 'withdraw marketing'),
  scenario('a user with marketing', 'rotate marketing', 're-wrap', 'withdraw marketing'),
  scenario('a user', 'mint marketing', 're-wrap', 'withdraw marketing'),
  scenario('a user with marketing', 're-wrap', 're-wrap', 'withdraw marketing'),
  scenario('a user with marketing', 'rotate marketing', 'forget', 'withdraw marketing'),
  scenario('a forgotten user', 'begin anew', 'begin anew', 'forget'),
  scenario('a forgotten user', 'begin anew', 'mint', 'forget'),
  scenario('a user without marketing', 'grant marketing', 'grant marketing', 'withdraw marketing'),
  scenario('a user without marketing', 'grant marketing', 'rotate marketing', 'forget'),
];

for (const each of isFull ? [...quick, ...more] : quick) {
  test(`design 4.5: every order, and every fault in it: ${each.ground}: ${each.deeds.join(' | ')}`, async (t) => {
    const { runs, states, ends } = await everyOrder(each, SteppedKeyLog);
    assert.ok(ends.size > 5);
    t.diagnostic(`${runs} runs, ${states} states, ${ends.size} ends`);
  });
}

test('the model leaves out nothing: runs that all go on to their end come to the same ends', async () => {
  const few = [scenario('nobody', 'mint', 'forget'), scenario('a forgotten user', 'begin anew', 'forget')];
  const many = [scenario('a user', 're-wrap', 'forget'), scenario('nobody', 'mint', 'mint', 'forget')];
  for (const each of isFull ? [...few, ...many] : few) {
    const [some, all] = [await everyOrder(each, SteppedKeyLog), await everyOrder(each, SteppedKeyLog, true)];
    assert.ok(all.runs > some.runs);
    assert.deepEqual([...some.ends].sort(), [...all.ends].sort());
    assert.equal(some.states, all.states);
  }
});

test('the model sees a fence that does not come with its tombstones', async () => {
  await assert.rejects(
    everyOrder(scenario('a user', 'mint marketing', 'rotate', 'forget'), TwoBatches),
    /forget: /,
  );
});

test('the model sees a key that is used before it was read back', async () => {
  await assert.rejects(everyOrder(scenario('nobody', 'mint', 'mint', 'forget'), NoReadBack), (error) =>
    /used before it was read back/.test(String(error instanceof Error ? error.cause : error)),
  );
});

test('the model sees that nobody buries what a fence overtook', async () => {
  await assert.rejects(everyOrder(scenario('nobody', 'mint', 'mint', 'forget'), NoBurial), (error) =>
    /was not buried by who wrote the fence/.test(String(error instanceof Error ? error.cause : error)),
  );
});
