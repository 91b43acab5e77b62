import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneMonthAfter } from '../../src/index.js';

test('a calendar month ends on the same day, or on the last day of a shorter month', () => {
  const after = (iso: string): string => new Date(oneMonthAfter(Date.parse(iso))).toISOString();
  assert.equal(after('2026-03-15T10:20:30.400Z'), '2026-04-15T10:20:30.400Z');
  assert.equal(after('2026-01-31T00:00:00.000Z'), '2026-02-28T00:00:00.000Z');
  assert.equal(after('2028-01-31T00:00:00.000Z'), '2028-02-29T00:00:00.000Z');
  assert.equal(after('2026-12-31T23:59:59.999Z'), '2027-01-31T23:59:59.999Z');
});
