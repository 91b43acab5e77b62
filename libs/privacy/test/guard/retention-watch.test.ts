import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { RetentionWatch, type LogFields, type WatchedTopic } from '../../src/index.js';

const hour = 3_600_000;
const everyMs = 60_000;

const good = {
  'cleanup.policy': 'delete',
  'retention.ms': String(12 * hour),
  'segment.ms': String(hour),
  'message.timestamp.type': 'LogAppendTime',
};
const warned = { ...good, 'message.timestamp.type': 'CreateTime' };
const refused = { ...good, 'segment.ms': String(168 * hour) };

const daily: WatchedTopic = {
  matches: (topic) => topic.startsWith('school.'),
  question: () => ({ role: 'personal data', deadlineMs: 24 * hour }),
};

function scene(topics: Record<string, Record<string, string>>, watched: readonly WatchedTopic[] = [daily]) {
  const clock = new ManualClock();
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const note =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  const state = { topics, isUp: true, asked: 0, hangs: false };
  const answer = async <T>(value: () => T): Promise<T> => {
    state.asked++;
    if (state.hangs) await new Promise(() => undefined);
    if (!state.isUp) throw Object.assign(new Error('down'), { code: 'KAFKA_UNAVAILABLE' });
    return value();
  };
  const cluster = {
    listTopics: () => answer(() => Object.keys(state.topics)),
    brokerConfigs: () => answer(() => ({})),
    describeTopics: (names: readonly string[]) =>
      answer(() => names.map((name) => ({ name, partitions: [], configs: state.topics[name] ?? {} }))),
  };
  const logger = { info: note('info'), warn: note('warn'), error: note('error') };
  const watch = new RetentionWatch({ cluster, clock, logger, everyMs });
  const look = () => clock.advanceAsync(everyMs);
  const short = () => watch.verdicts().map(({ topic, verdict }) => `${topic} ${verdict}`);
  return { watch, state, clock, lines, look, short, start: () => watch.start(watched) };
}

test('a verdict that becomes worse is an error line once, and a line when it is better again', async () => {
  const { start, state, lines, look, short, watch } = scene({ 'school.views': good, other: refused });
  await start();
  assert.deepEqual([short(), lines], [['school.views ok'], []]);
  state.topics = { 'school.views': refused };
  await look();
  await look();
  assert.deepEqual(short(), ['school.views refuse']);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.level, 'error');
  const { topic, verdict, before, reasons } = lines[0]?.fields ?? {};
  assert.deepEqual([topic, verdict, before], ['school.views', 'refuse', 'ok']);
  assert.match(String(reasons), /largest segment\.ms/);
  state.topics = { 'school.views': warned };
  await look();
  await look();
  assert.deepEqual([short(), lines.length, lines[1]?.level], [['school.views warn'], 2, 'info']);
  await watch.close();
});

test('what is refused at the first look is said, what is warned of not: the start has said it', async () => {
  const { start, lines, watch } = scene({ 'school.a': refused, 'school.b': warned });
  await start();
  assert.deepEqual(
    lines.map(({ level, fields }) => [level, fields['topic']]),
    [['error', 'school.a']],
  );
  await watch.close();
});

test('a cluster that does not answer is not refused: the last verdict stands and grows old, said once', async () => {
  const { start, state, lines, look, watch, short } = scene({ 'school.views': good });
  await start();
  state.isUp = false;
  await look();
  await look();
  assert.deepEqual(short(), ['school.views ok']);
  assert.equal(watch.verdicts()[0]?.ageMs, 2 * everyMs);
  assert.deepEqual(
    lines.map(({ level, fields }) => [level, fields['error']]),
    [['warn', 'KAFKA_UNAVAILABLE']],
  );
  state.isUp = true;
  await look();
  assert.equal(watch.verdicts()[0]?.ageMs, 0);
  state.isUp = false;
  await look();
  assert.equal(lines.length, 2);
  await watch.close();
});

test('topics that appear are judged, those that are gone are forgotten', async () => {
  const { start, state, lines, look, short, watch } = scene({ 'school.a': good });
  await start();
  state.topics = { 'school.b': refused };
  await look();
  assert.deepEqual(short(), ['school.b refuse']);
  assert.deepEqual(lines.map(({ level }) => level).sort(), ['error', 'info']);
  await watch.close();
});

test('the strictest of several promises decides', async () => {
  const strict: WatchedTopic = {
    ...daily,
    question: () => ({ role: 'personal data', deadlineMs: 13 * hour }),
  };
  const { start, short, watch } = scene({ 'school.a': good }, [daily, strict, daily]);
  await start();
  assert.deepEqual(short(), ['school.a refuse']);
  await watch.close();
});

test('one look at a time, of a handful of requests, and none after closing', async () => {
  const { start, state, look, watch, clock } = scene({ 'school.a': good, 'school.b': good });
  await start();
  assert.equal(state.asked, 3);
  state.hangs = true;
  await look();
  await look();
  await look();
  assert.equal(state.asked, 4);
  assert.equal(clock.pending, 0);
  void watch.close();
});

test('closing leaves nothing on the clock, and nothing to watch asks nothing', async () => {
  const { start, watch, clock } = scene({ 'school.a': good });
  await start();
  await watch.close();
  assert.equal(clock.pending, 0);
  const idle = scene({ 'school.a': good }, []);
  await idle.start();
  assert.deepEqual([idle.state.asked, idle.clock.pending], [0, 0]);
});

test('a pace that is no time is refused', () => {
  const parts = {
    cluster: {
      listTopics: () => Promise.resolve([]),
      brokerConfigs: () => Promise.resolve({}),
      describeTopics: () => Promise.resolve([]),
    },
    clock: new ManualClock(),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  for (const bad of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => new RetentionWatch({ ...parts, everyMs: bad }), { code: 'GUARD_QUESTION_INVALID' });
});
