import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LegalCalendar, type CalendarOptions } from '../../src/deadlines/legal-calendar.js';
import type { Period } from '../../src/deadlines/deadline-policy.js';
import { PrivacyError } from '../../src/errors.js';

const month: Period = { unit: 'months', count: 1 };
const dayMs = 86_400_000;

/** The last day of the period. */
function lastDay(options: CalendarOptions, period: Period, event: string): string {
  const end = new LegalCalendar(options).endOf(period, Date.parse(event));
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: options.timeZone ?? 'UTC' }).format(end - 1);
  return date;
}

test('the European Data Protection Board’s examples of one month (Guidelines 01/2022, part 5.3)', () => {
  assert.equal(lastDay({}, month, '2023-03-05T09:30:00Z'), '2023-04-05');
  assert.equal(lastDay({}, month, '2023-08-31T09:30:00Z'), '2023-09-30');
  // "… until the next working day": 30 September 2023 is a Saturday.
  assert.equal(lastDay({ restDays: {} }, month, '2023-08-31T09:30:00Z'), '2023-10-02');
});

test('months are clamped to the last day, and run to the end of the day in the zone', () => {
  for (const [event, count, end] of [
    ['2026-01-31T10:00:00Z', 1, '2026-03-01T00:00:00Z'],
    ['2028-01-31T10:00:00Z', 1, '2028-03-01T00:00:00Z'],
    ['2026-11-30T23:59:59Z', 3, '2027-03-01T00:00:00Z'],
    ['2026-01-31T10:00:00Z', 3, '2026-05-01T00:00:00Z'],
  ] as const) {
    assert.equal(
      new LegalCalendar().endOf({ unit: 'months', count }, Date.parse(event)),
      Date.parse(end),
      event,
    );
  }
  const berlin = new LegalCalendar({ timeZone: 'Europe/Berlin' });
  // 23:30 on the last of January there; 1 April begins in summer time.
  assert.equal(berlin.endOf(month, Date.parse('2026-01-31T22:30:00Z')), Date.parse('2026-02-28T23:00:00Z'));
  assert.equal(berlin.endOf(month, Date.parse('2026-03-01T11:00:00Z')), Date.parse('2026-04-01T22:00:00Z'));
});

test('days and hours count from the next one', () => {
  const losAngeles = new LegalCalendar({ timeZone: 'America/Los_Angeles' });
  const at = Date.parse('2026-01-10T20:00:00Z');
  assert.equal(losAngeles.endOf({ unit: 'days', count: 45 }, at), Date.parse('2026-02-25T08:00:00Z'));
  assert.equal(losAngeles.endOf({ unit: 'days', count: 90 }, at), Date.parse('2026-04-11T07:00:00Z'));
  const hours: Period = { unit: 'hours', count: 72 };
  assert.equal(
    new LegalCalendar({ restDays: {} }).endOf(hours, Date.parse('2026-01-10T20:10:00Z')),
    Date.parse('2026-01-13T21:00:00Z'),
  );
});

test('a period does not end on a rest day, and one of two days or more has two working days', () => {
  const easter = { restDays: { holidays: ['2026-04-03', '2026-04-06'] } };
  assert.equal(lastDay(easter, month, '2026-03-05T09:30:00Z'), '2026-04-07');
  // From Maundy Thursday: Friday to Monday are rest days.
  assert.equal(lastDay(easter, { unit: 'days', count: 4 }, '2026-04-02T09:30:00Z'), '2026-04-08');
  assert.equal(lastDay(easter, { unit: 'days', count: 1 }, '2026-04-02T09:30:00Z'), '2026-04-07');
  assert.equal(lastDay({ restDays: { weekdays: [5] } }, month, '2026-03-03T00:00:00Z'), '2026-04-04');
});

test('rest days only ever lengthen a period, and who asks later is answered no sooner', () => {
  const restDays = fc.record({
    weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 6 }),
    holidays: fc.array(
      fc.integer({ min: 0, max: 400 }).map((day) => isoDay(day)),
      { maxLength: 20 },
    ),
  });
  const period = fc.oneof(
    fc.record({ unit: fc.constant('months' as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ unit: fc.constant('days' as const), count: fc.integer({ min: 1, max: 90 }) }),
  );
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Pacific/Apia');
  fc.assert(
    fc.property(
      restDays,
      period,
      zone,
      fc.nat(300 * dayMs),
      fc.nat(5 * dayMs),
      (rest, length, timeZone, at, later) => {
        const event = Date.parse('2026-01-01T00:00:00Z') + at;
        const plain = new LegalCalendar({ timeZone }).endOf(length, event);
        const calendar = new LegalCalendar({ timeZone, restDays: rest });
        const end = calendar.endOf(length, event);
        assert.ok(end >= plain && plain > event);
        assert.ok(calendar.endOf(length, event + later) >= end);
        const last = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(end - 1);
        assert.ok(!rest.holidays.includes(last), 'the last day is no holiday');
      },
    ),
    { numRuns: 200 },
  );
});

test('bad input: a calendar that cannot be is refused, and says why', () => {
  for (const options of [
    { timeZone: 'Europe/Atlantis' },
    { restDays: { weekdays: [0] } },
    { restDays: { weekdays: [1.5] } },
    { restDays: { weekdays: [1, 2, 3, 4, 5, 6, 7] } },
    { restDays: { holidays: ['2026-02-30'] } },
    { restDays: { holidays: ['1 May'] } },
  ]) {
    assert.throws(
      () => new LegalCalendar(options),
      (error) => error instanceof PrivacyError && error.code === 'DEADLINE_CALENDAR_INVALID',
    );
  }
});

function isoDay(day: number): string {
  return new Date(Date.parse('2026-01-01T00:00:00Z') + day * dayMs).toISOString().slice(0, 10);
}
