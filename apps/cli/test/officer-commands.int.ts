import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oubliette, realClock, type Ran } from './cli-harness.js';
import { FakeSample, type Answered, type Asked } from './fake-sample.js';

const at = '2026-11-24T08:00:00.000Z';
const nothing = { state: 'active', restricted: false, restrictedSince: null, erasure: null, hold: null };
const restricted = { ...nothing, restricted: true, restrictedSince: at };
const held = { ...nothing, hold: { at, reason: 'case 12', liftedAt: null } };

/** A user who stands as `before` until the first order, then as `after`. */
async function order(
  args: readonly string[],
  before: unknown,
  after: unknown,
): Promise<Ran & { asked: readonly Asked[] }> {
  let isDone = false;
  return against(args, ({ method }) => {
    if (method === 'GET') return { status: 200, body: isDone ? after : before };
    isDone = true;
    return method === 'DELETE' ? { status: 204 } : { status: 200, body: {} };
  });
}

async function against(
  args: readonly string[],
  answer: (asked: Asked) => Answered,
): Promise<Ran & { asked: readonly Asked[] }> {
  const sample = await FakeSample.start(answer);
  try {
    const setting = { files: sample.files, clock: realClock() };
    return { ...(await oubliette([...args, '--data-dir', '/data'], setting)), asked: sample.asked };
  } finally {
    await sample.stop();
  }
}

test('restrict, unrestrict, hold and release send the reason, and say how the user stands then', async () => {
  for (const [name, request, before, after, said] of [
    [
      'restrict',
      'PUT /privacy/users/a%2Fb/restriction',
      nothing,
      restricted,
      `active\n  restricted since ${at}\n`,
    ],
    [
      'unrestrict',
      'DELETE /privacy/users/a%2Fb/restriction',
      restricted,
      nothing,
      'The restriction is lifted.\nactive\n',
    ],
    ['hold', 'PUT /privacy/users/a%2Fb/hold', nothing, held, `active\n  held since ${at}: case 12\n`],
    ['release', 'DELETE /privacy/users/a%2Fb/hold', held, nothing, 'The hold is lifted.\nactive\n'],
  ] as const) {
    const args = ['users', name, 'a/b', '--reason', 'case 12'];
    const { code, out, err, asked } = await order(args, before, after);
    assert.equal(code, 0, err);
    assert.equal(out, said);
    const [, sent] = asked;
    assert.equal(`${sent?.method} ${sent?.path}`, request);
    assert.deepEqual(JSON.parse(sent?.body ?? ''), { reason: 'case 12' });
    assert.equal(sent?.authorization, 'Bearer secret-token');
    const json = await order([...args, '--json'], before, after);
    assert.deepEqual(JSON.parse(json.out), after);
  }
});

test('lifting what does not stand is an error, and nothing is sent', async () => {
  for (const name of ['unrestrict', 'release']) {
    const args = ['users', name, 'ada-lovelace', '--reason', 'settled', '--json'];
    const { code, out, err, asked } = await order(args, nothing, nothing);
    assert.equal(code, 1);
    assert.match(out, /"NOTHING_TO_LIFT"/);
    assert.match(err, /there is nothing to lift\.\n$/);
    assert.ok(!(out + err).includes('ada-lovelace'));
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GET'],
    );
  }
});

test('a request that still waits for a hold which was lifted can be released', async () => {
  const waiting = { ...nothing, erasure: { erasureId: 'e-1', state: 'held' } };
  const { code, asked } = await order(['users', 'release', 'ada', '--reason', 'settled'], waiting, nothing);
  assert.equal(code, 0);
  assert.deepEqual(
    asked.map(({ method }) => method),
    ['GET', 'DELETE', 'GET'],
  );
});

test('what stood before is said: a restriction keeps its first reason, one hold takes the place of another', async () => {
  const again = await order(['users', 'restrict', 'ada', '--reason', 'other'], restricted, restricted);
  assert.match(again.out, /^Was restricted already: [^\n]*this one was not recorded\.\nactive\n/);
  const same = await order(['users', 'hold', 'ada', '--reason', 'case 12'], held, held);
  assert.match(same.out, /^This hold stood already\.\n/);
  const other = await order(['users', 'hold', 'ada', '--reason', 'case 13'], held, held);
  assert.match(other.out, /^It takes the place of another hold \(case 12\): a release lifts both\.\n/);
});

test('erasure extend sends the reason, and reminds that the person is to be told', async () => {
  const body = { erasureId: 'e-1', state: 'held', deadline: at, extension: { at, reason: 'complex' } };
  const args = ['erasure', 'extend', 'e-1', '--reason', 'complex'];
  const { code, out, asked } = await against(args, () => ({ status: 200, body }));
  assert.equal(code, 0);
  assert.equal(`${asked[0]?.method} ${asked[0]?.path}`, 'POST /privacy/erasures/e-1/extension');
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { reason: 'complex' });
  assert.match(out, new RegExp(`\\n  extended ${at}: complex\\nTell the person`));
});

test('erasure list --due asks for what is to be done, most urgent first', async () => {
  const one = {
    erasureId: 'e-1',
    state: 'requested',
    deadline: '2020-01-01T00:00:00.000Z',
    urgency: 'overdue',
  };
  const all = await against(['erasure', 'list', '--due'], () => ({ status: 200, body: [one] }));
  assert.equal(all.code, 0);
  assert.equal(all.asked[0]?.path, '/privacy/erasures/due');
  assert.match(all.out, /e-1 +requested +2020-01-01T00:00:00\.000Z +overdue by \d+ d\n$/);
  const week = ['erasure', 'list', '--due', '7d', '--limit', '1'];
  const near = await against(week, () => ({ status: 200, body: [one] }));
  assert.equal(near.asked[0]?.path, '/privacy/erasures/due?limit=1&within=604800000ms');
  assert.match(near.out, /There may be more: a higher --limit shows more\.\n$/);
  const none = await against(week, () => ({ status: 200, body: [] }));
  assert.equal(none.code, 0);
  assert.equal(none.out, 'Nothing is overdue, endangered, or due within 7 d.\n');
});

test('orders that are wrong usage exit 2, and reach nobody', async () => {
  for (const args of [
    ['users', 'hold', 'ada'],
    ['users', 'restrict', '', '--reason', 'x'],
    ['users', 'restrict', 'ada', '--reason', ''],
    ['users', 'hold', 'ada', '--reason', 'asked by ada@example.org'],
    ['users', 'release', 'ada-lovelace', '--reason', 'Ada-Lovelace asked'],
    ['erasure', 'extend', 'e-1'],
    ['erasure', 'extend', 'e-1', '--reason', ''],
    ['erasure', 'list', '--due', '7'],
    ['erasure', 'list', '--due', '--before', 'e-1'],
  ]) {
    const { code, out, err, asked } = await against(args, () => ({ status: 200, body: nothing }));
    assert.equal(code, 2, args.join(' '));
    assert.equal(out, '');
    assert.notEqual(err, '');
    assert.doesNotMatch(err, /lovelace|example/i);
    assert.equal(asked.length, 0);
  }
});

test('what answers like no sample is believed in nothing, and no order is sent to it', async () => {
  for (const body of [null, 'x', 7, {}, [{}], { state: 1 }]) {
    for (const name of ['restrict', 'hold', 'release', 'unrestrict']) {
      const { code, out, err, asked } = await order(
        ['users', name, 'a/b', '--reason', 'case 12'],
        body,
        body,
      );
      assert.deepEqual([code, out, asked.length], [1, '', 1]);
      assert.match(err, /says no state/);
    }
    for (const args of [
      ['users', 'status', 'a'],
      ['erasure', 'show', 'e'],
    ]) {
      const { code, out } = await against(args, () => ({ status: 200, body }));
      assert.deepEqual([code, out], [1, '']);
    }
  }
  assert.equal((await against(['erasure', 'list'], () => ({ status: 200, body: [{}, 1] }))).code, 1);
});

test('what is answered moves no cursor of a terminal', async () => {
  const body = { ...nothing, state: 'active\u001b[2J', title: '\u001b]0;x\u0007' };
  const shown = await against(['users', 'status', 'a'], () => ({ status: 200, body }));
  assert.equal(shown.out, 'active?[2J\n');
  const refused = await against(['users', 'status', 'a'], () => ({ status: 500, body }));
  assert.match(refused.err, /500: \?\]0;x\?/);
});
