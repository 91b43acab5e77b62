import assert from 'node:assert/strict';
import { test } from 'node:test';
import { courseOf, lessonViewOf } from '../../src/http/body-fields.js';
import { refuseMalformed } from '../../src/read-models/refuse-malformed.js';

const view = { course: 'AAA-2013J', site: 'quiz', day: 3, clicks: 2 };

test('events as the sample publishes them pass', () => {
  refuseMalformed([view, { ...view, site: 546_614 }], lessonViewOf);
  refuseMalformed([view], courseOf);
});

test('an event with a field that a read model cannot hold is refused by the field, without its value', () => {
  const forged = [
    { ...view, course: { secret: 'Ann' } },
    { ...view, course: 'A\u0000B' },
    { ...view, clicks: 'secret' },
    { ...view, day: 1.5 },
    { ...view, site: '\ud800' },
    { ...view, site: undefined },
  ];
  for (const event of forged) {
    assert.throws(
      () => refuseMalformed([view, event], lessonViewOf),
      (error: Error & { code?: string }) =>
        error.code === 'EVENT_REFUSED' &&
        /^(course|clicks|day|site) /.test(error.message) &&
        !/secret/.test(error.message),
    );
  }
});
