import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaClientError } from '../../src/errors.js';
import { scene } from './scene.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const record = (key: string): { key: Uint8Array; value: Uint8Array } => ({
  key: utf8(key),
  value: utf8('v'),
});

const state = async (promise: Promise<unknown>): Promise<string> => {
  let result = 'pending';
  promise.then(
    () => (result = 'resolved'),
    () => (result = 'rejected'),
  );
  await turn();
  return result;
};

test('follow resolves when everything that stood was given, and tells how far it is', async () => {
  const { link, topic, seen, progress, listener } = scene(2);
  await link.append(0, [record('a'), record('b')]);
  await link.append(1, [record('c')]);
  await topic.follow(listener);
  assert.deepEqual(seen.sort(), ['0/0 a', '0/1 b', '1/0 c']);
  assert.deepEqual(progress.at(-1), { read: 3n, total: 3n });
  await topic.close();
  assert.ok(link.closed);
});

test('an empty topic is loaded at once', async () => {
  const { topic, progress, listener } = scene();
  await topic.follow(listener);
  assert.deepEqual(progress, [{ read: 0n, total: 0n }]);
  await topic.close();
});

test('follow outlives a broker that has just died, and nothing else', async () => {
  const unavailable = new KafkaClientError('KEY_TOPIC_UNAVAILABLE', 'no leader', { retriable: true });
  const { topic, link, clock, listener } = scene();
  link.endFailures.push(unavailable, unavailable);
  const following = topic.follow(listener);
  await clock.advanceAsync(1_000);
  await following;
  await topic.close();

  const refused = new KafkaClientError('KAFKA_REFUSED', 'not authorized');
  const other = scene();
  other.link.endFailures.push(refused);
  await assert.rejects(other.topic.follow(other.listener), refused);
  await other.topic.close();
});

test('reached resolves with the record given, not before, and at once for what was given', async () => {
  const { link, topic, seen, listener } = scene();
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  await topic.reached(0, 0n);
  const waiting = topic.reached(0, 2n);
  await link.append(0, [record('b')]);
  assert.equal(await state(waiting), 'pending');
  await link.append(0, [record('c')]);
  await waiting;
  assert.equal(seen.length, 3);
  await topic.close();
});

test('reached gives up after 30 s with a retriable error, and leaves no timer behind', async () => {
  const { clock, link, topic, listener } = scene();
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  const waiting = assert.rejects(topic.reached(0, 5n), { code: 'KEY_TOPIC_UNAVAILABLE', retriable: true });
  await clock.advanceAsync(30_000);
  await waiting;
  await topic.close();
  assert.equal(clock.pending, 0);
});

test('a gap that compaction left at the end is passed, but only after a look of its own', async () => {
  const { link, topic, seen, listener } = scene();
  await link.append(0, [record('a'), record('b'), record('c')]);
  link.compact(0, () => false);
  const following = topic.follow(listener);
  await turn();
  assert.equal(await state(following), 'pending');
  link.answerPolls();
  await following;
  assert.deepEqual(
    link.looks.map(({ partition, offset }) => [partition, offset]),
    [[0, 0n]],
  );
  await topic.caughtUp(0);
  await link.append(0, [record('d')]);
  await topic.reached(0, 3n);
  assert.deepEqual(seen, ['0/3 d']);
  await topic.close();
});

test('an answer that a quota emptied is no gap', async () => {
  const { link, topic, seen, listener } = scene();
  await link.append(0, [record('a'), record('b')]);
  link.isThrottled = true;
  const following = topic.follow(listener);
  for (let round = 0; round < 3; round++) {
    await turn();
    link.answerPolls();
  }
  assert.equal(await state(following), 'pending');
  link.isThrottled = false;
  link.answerPolls();
  await following;
  assert.deepEqual(seen, ['0/0 a', '0/1 b']);
  await topic.close();
});

test('answers that are full before all partitions had their turn skip nothing', async () => {
  const { link, topic, seen, listener } = scene(3);
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  for (const partition of [0, 1, 2]) await link.append(partition, keys.map(record));
  link.answerRecords = 7;
  await topic.follow(listener);
  assert.equal(seen.length, 120);
  for (const partition of [0, 1, 2])
    assert.deepEqual(
      seen.filter((line) => line.startsWith(`${partition}/`)),
      keys.map((key, offset) => `${partition}/${offset} ${key}`),
    );
  await topic.close();
});

test('a new leader whose high watermark still stands too low is no contradiction, and does not count as heard', async () => {
  const { clock, link, topic, errors, listener } = scene();
  await link.append(0, [record('a'), record('b')]);
  await topic.follow(listener);
  await turn();
  // It leads, but has not heard yet that the last records are acknowledged: ListOffsets waits for that, a fetch does not.
  link.toldEnd = () => 1n;
  link.failures.push(new Error('not the leader any more'));
  link.answerPolls();
  await clock.advanceAsync(100);
  const last = topic.heard(0);
  await clock.advanceAsync(400);
  link.answerPolls();
  await turn();
  assert.deepEqual(topic.heard(0), last);
  link.toldEnd = (end) => end;
  link.answerPolls();
  await clock.advanceAsync(100);
  link.answerPolls();
  await turn();
  assert.ok((topic.heard(0)?.monotonic ?? 0) > (last?.monotonic ?? 0));
  assert.deepEqual(errors, []);
  await topic.close();
});

test('a new leader that does not know the newest record yet is not heard while it does not give it', async () => {
  const { clock, link, topic, listener } = scene();
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  await turn();
  link.toldEnd = () => 1n;
  link.failures.push(new Error('not the leader any more'));
  await link.append(0, [record('acknowledged by the leader before')]);
  await clock.advanceAsync(100);
  const last = topic.heard(0);
  await clock.advanceAsync(400);
  link.answerPolls();
  await turn();
  assert.deepEqual(topic.heard(0), last);
  await topic.close();
});

test('a record that lands between an empty answer and the next look is not skipped', async () => {
  const { link, topic, seen, listener } = scene();
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  await turn();
  link.answerPolls();
  await turn();
  await link.append(0, [record('b')]);
  await topic.reached(0, 1n);
  assert.deepEqual(seen, ['0/0 a', '0/1 b']);
  await topic.close();
});

test('a failing poll is repeated with growing pauses from where it stood, and heals', async () => {
  const { clock, link, topic, seen, warnings, listener } = scene();
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  await turn();
  link.failures.push(new Error('connection lost'), new Error('connection refused'));
  link.answerPolls();
  await clock.advanceAsync(99);
  await link.append(0, [record('b')]);
  assert.deepEqual(seen, ['0/0 a']);
  await clock.advanceAsync(1);
  assert.deepEqual(seen, ['0/0 a']);
  await clock.advanceAsync(200);
  assert.deepEqual(seen, ['0/0 a', '0/1 b']);
  assert.deepEqual(
    warnings.map(({ failures, retryInMs }) => ({ failures, retryInMs })),
    [
      { failures: 1, retryInMs: 100 },
      { failures: 2, retryInMs: 200 },
    ],
  );
  await topic.close();
});

test('partitions of two leaders are polled apart, and together again when the leaders move', async () => {
  const { clock, link, topic, seen, listener } = scene(3);
  link.leaderOf = (partition) => (partition === 2 ? 20 : 10);
  for (const partition of [0, 1, 2]) await link.append(partition, [record('x')]);
  await topic.follow(listener);
  assert.deepEqual(
    link.polls.slice(0, 2).map(({ leader, positions }) => [leader, [...positions.keys()]]),
    [
      [10, [0, 1]],
      [20, [2]],
    ],
  );
  await turn();
  link.leaderOf = () => 20;
  link.failures.push(new Error('not the leader'));
  link.answerPolls();
  await clock.advanceAsync(100);
  assert.deepEqual([...(link.polls.at(-1)?.positions.keys() ?? [])], [0, 1, 2]);
  await link.append(0, [record('y')]);
  await topic.reached(0, 1n);
  assert.equal(seen.filter((line) => line.startsWith('0/')).length, 2, 'nothing is given twice');
  await topic.close();
});

test('a leader that is slow to end its poll, when another one failed, leaves no failure unseen', async () => {
  const { clock, link, topic, warnings, listener } = scene(2);
  link.leaderOf = (partition) => 10 + partition;
  await topic.follow(listener);
  const fetch = link.fetch.bind(link);
  link.fetch = async (leader, positions, options) => {
    try {
      return await fetch(leader, positions, options);
    } catch (error) {
      // The runner fails this test for a rejection that nobody takes within a turn of the loop.
      if (leader === 11) for (let turns = 0; turns < 3; turns++) await turn();
      throw error;
    }
  };
  link.answerPolls();
  await turn();
  link.failures.push(new Error('connection lost'));
  await link.append(0, [record('a')]);
  await clock.advanceAsync(100);
  assert.equal(warnings.length, 1);
  await topic.reached(0, 0n);
  await topic.close();
});

test('a log that ends before what was read is an alarm: nothing is believed any more', async () => {
  const { link, topic, errors, listener } = scene();
  await link.append(0, [record('a'), record('b')]);
  await topic.follow(listener);
  const waiting = assert.rejects(topic.reached(0, 9n), { code: 'KEY_TOPIC_UNSAFE' });
  await turn();
  const log = link.partitions[0];
  assert.ok(log !== undefined);
  log.records = [];
  log.end = 0n;
  link.answerPolls();
  await waiting;
  assert.equal(errors.length, 1);
  await assert.rejects(topic.append(0, [record('c')]), { code: 'KEY_TOPIC_UNSAFE' });
  await assert.rejects(topic.caughtUp(0), { code: 'KEY_TOPIC_UNSAFE' });
  await topic.close();
});

test('a topic made anew while nothing is loaded yet fails follow itself', async () => {
  const { link, topic, listener } = scene(2);
  await link.append(0, [record('a'), record('b')]);
  await link.append(1, [record('c')]);
  const log = link.partitions[1];
  assert.ok(log !== undefined);
  log.records = [];
  const following = assert.rejects(topic.follow(listener), { code: 'KEY_TOPIC_UNSAFE' });
  await turn();
  const first = link.partitions[0];
  assert.ok(first !== undefined);
  first.records = [];
  first.end = 0n;
  link.answerPolls();
  await following;
  await topic.close();
});

test('closing answers all that wait, and a nudge names nobody', async () => {
  const { clock, link, topic, listener } = scene();
  await topic.nudge(0);
  await topic.follow(listener);
  assert.equal(new TextDecoder().decode(link.partitions[0]?.records[0]?.key), '!nudge');
  const waiting = assert.rejects(topic.reached(0, 9n), { code: 'KEY_TOPIC_CLOSED' });
  await topic.close();
  await waiting;
  await topic.close();
  assert.equal(clock.pending, 0);
});
