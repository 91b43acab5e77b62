import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineOf, urgencyOf } from '../../src/deadlines/deadline.js';
import { readPolicy, type DeadlinePolicy, type NamedPolicy } from '../../src/deadlines/deadline-policy.js';
import { LegalCalendar } from '../../src/deadlines/legal-calendar.js';
import { PrivacyError } from '../../src/errors.js';

const calendar = new LegalCalendar();
const requestedAt = Date.parse('2026-01-31T10:00:00Z');
const request = { requestedAt, isExtended: false, boundMs: 60_000 };

test('each request has its law, its deadline and the latest moment to act', () => {
  const deadline = deadlineOf(readPolicy('gdpr'), calendar, request);
  const at = Date.parse('2026-03-01T00:00:00Z');
  assert.deepEqual(deadline, { law: 'GDPR Art. 12(3)', at, actBy: at - 60_000 });
  assert.equal(deadlineOf(readPolicy('gdpr'), calendar, { ...request, boundMs: null }).actBy, null);
});

test('an extension counts from the request, as the period does', () => {
  const extended = { ...request, isExtended: true };
  const endOf = (policy: NamedPolicy | DeadlinePolicy): string =>
    new Date(deadlineOf(readPolicy(policy), calendar, extended).at).toISOString();
  assert.equal(endOf('gdpr'), '2026-05-01T00:00:00.000Z');
  assert.equal(endOf('ccpa'), '2026-05-02T00:00:00.000Z');
  assert.equal(endOf({ law: 'own', period: 'P30D' }), '2026-03-03T00:00:00.000Z', 'not extended');
  assert.equal(endOf({ law: 'own', period: 'PT72H', extension: 'PT24H' }), '2026-02-04T11:00:00.000Z');
});

test('endangered is what was not forgotten in time for its bytes, overdue what is not done', () => {
  const deadline = { law: 'own', at: 1_000, actBy: 900 };
  assert.equal(urgencyOf(deadline, false, 899), 'in time');
  assert.equal(urgencyOf(deadline, false, 900), 'endangered');
  assert.equal(urgencyOf(deadline, true, 999), 'in time');
  assert.equal(urgencyOf(deadline, true, 1_000), 'overdue');
  assert.equal(urgencyOf({ ...deadline, actBy: null }, false, 0), 'endangered');
});

test('bad input: a policy that cannot be is refused, and says why', () => {
  const own = (period: string, extension?: string): DeadlinePolicy => ({
    law: 'own',
    period,
    ...(extension === undefined ? {} : { extension }),
  });
  for (const policy of [
    'hipaa' as NamedPolicy,
    'toString' as NamedPolicy,
    { law: ' ', period: 'P1M' },
    own(''),
    own('30 days'),
    own('P0D'),
    own('-P1M'),
    own('P-1D'),
    own('P1.5D'),
    own('P1M10D'),
    own('P1Y'),
    own('P99999999999999999999D'),
    own('PT999999H'),
    own('P1M', 'P45D'),
    own('P1M', 'P0M'),
  ]) {
    assert.throws(
      () => readPolicy(policy),
      (error) => error instanceof PrivacyError && error.code === 'DEADLINE_POLICY_INVALID',
      JSON.stringify(policy),
    );
  }
});
