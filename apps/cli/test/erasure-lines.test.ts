import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeErasure, describeUser, erasureRow } from '../src/erasure-lines.js';

const now = Date.parse('2026-11-24T00:00:00Z');
const hold = { at: '2026-11-20T08:00:00.000Z', reason: 'case 12', liftedAt: null };
const held = {
  erasureId: 'e-1',
  state: 'held',
  deadline: '2026-12-21T00:00:00.000Z',
  requestedAt: '2026-11-20T09:00:00.000Z',
  law: 'GDPR Art. 12(3)',
  actBy: '2026-12-20T23:00:00.000Z',
  urgency: 'in time',
  note: 'held: case 12',
  extension: null,
  hold,
  forgottenAt: null,
  erasedAt: null,
};

test('a held erasure says how long is left, by which law, and why it waits, once', () => {
  assert.deepEqual(describeErasure(held, now), [
    'e-1  held',
    '  requested 2026-11-20T09:00:00.000Z',
    '  deadline 2026-12-21T00:00:00.000Z (27 d left; GDPR Art. 12(3))',
    '  to be forgotten by 2026-12-20T23:00:00.000Z',
    '  held since 2026-11-20T08:00:00.000Z: case 12',
  ]);
});

test('one that is done says whether in time, how long it was held, and who answered', () => {
  const done = {
    ...held,
    state: 'erased',
    urgency: 'overdue',
    forgottenAt: '2026-12-22T00:00:00.000Z',
    erasedAt: '2026-12-22T00:01:00.000Z',
    note: null,
    hold: { ...hold, liftedAt: '2026-12-22T00:00:00.000Z' },
    extension: { at: '2026-11-21T00:00:00.000Z', reason: 'many requests' },
    acknowledgements: [
      { processor: 'crm', outcome: 'refused', reason: 'legal-claims' },
      { processor: 'mailing', outcome: 'outstanding', reason: null },
    ],
  };
  assert.deepEqual(describeErasure(done, Date.parse('2027-01-01T00:00:00Z')), [
    'e-1  erased',
    '  requested 2026-11-20T09:00:00.000Z',
    '  deadline 2026-12-21T00:00:00.000Z (done, after the deadline; GDPR Art. 12(3))',
    '  extended 2026-11-21T00:00:00.000Z: many requests',
    '  was held 2026-11-20T08:00:00.000Z to 2026-12-22T00:00:00.000Z: case 12',
    '  forgotten 2026-12-22T00:00:00.000Z',
    '  erased 2026-12-22T00:01:00.000Z',
    '  processor crm: refused (legal-claims)',
    '  processor mailing: outstanding',
  ]);
  assert.equal(erasureRow({ ...done, urgency: 'in time' }, now)[3], 'done in time');
});

test('a row says what is left, what is endangered, and what is overdue', () => {
  const row = ['e-1', 'held', '2026-12-21T00:00:00.000Z'];
  assert.deepEqual(erasureRow(held, now), [...row, '27 d left']);
  assert.deepEqual(erasureRow({ ...held, urgency: 'endangered' }, now), [...row, '27 d left, endangered']);
  const late = Date.parse('2026-12-24T05:00:00Z');
  assert.deepEqual(erasureRow({ ...held, urgency: 'overdue' }, late), [...row, 'overdue by 3 d']);
});

test('a user under restriction and hold says both, and a hold that a request waits for once', () => {
  const user = { state: 'active', restrictedSince: '2026-11-23T00:00:00.000Z', hold, erasure: null };
  const told = [
    'active',
    '  restricted since 2026-11-23T00:00:00.000Z',
    '  held since 2026-11-20T08:00:00.000Z: case 12',
  ];
  assert.deepEqual(describeUser(user, now), told);
  const [, why] = describeUser({ ...user, restrictionReason: 'case 7' }, now);
  assert.equal(why, `${told[1]}: case 7`);
  const waiting = describeUser({ ...user, restrictedSince: null, erasure: held }, now);
  assert.equal(waiting.filter((line) => line.includes('held since')).length, 1);
  const other = { ...hold, at: '2026-11-22T00:00:00.000Z', reason: 'case 13' };
  const two = describeUser({ ...user, hold: other, erasure: held }, now);
  assert.deepEqual(
    two.filter((line) => line.includes('held since')).map((line) => line.slice(-7)),
    ['case 13', 'case 12'],
  );
});
