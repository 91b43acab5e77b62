import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importRecordOf } from '../../src/import/import-record.js';
import { LineError } from '../../src/import/ndjson.js';

const student = { type: 'student', line: 'f:1', id: '7', name: 'N', email: 'n@example.org' };
const view = { type: 'lesson-view', line: 2, id: '7', course: 'AAA-2013J', site: '5', day: -3, clicks: 4 };
const read = (body: unknown) => importRecordOf({ number: 9, text: JSON.stringify(body) });

describe('importRecordOf', () => {
  it('reads a student; what is not given or empty is null', () => {
    assert.deepEqual(read({ ...student, imdBand: '', gender: 'F', unknown: 1 }), {
      number: 9,
      type: 'student',
      line: 'f:1',
      id: '7',
      profile: {
        name: 'N',
        email: 'n@example.org',
        gender: 'F',
        region: null,
        imdBand: null,
        ageBand: null,
        disability: null,
      },
    });
  });

  it('reads a lesson view; line and site may be numbers', () => {
    assert.deepEqual(read({ ...view, site: 5 }), {
      number: 9,
      type: 'lesson-view',
      line: '2',
      id: '7',
      view: { course: 'AAA-2013J', site: 5, day: -3, clicks: 4 },
    });
  });

  it('names line and field of what is wrong, and no value', () => {
    const secret = 'value-that-nobody-may-see';
    for (const [field, body] of [
      ['type', { ...view, type: secret }],
      ['line', { ...view, line: null }],
      ['line', { ...view, line: 1.5 }],
      ['line', { ...view, line: '' }],
      ['id', { ...view, id: undefined }],
      ['id', { ...view, id: ' ' }],
      ['id', { ...view, id: secret.repeat(30) }],
      ['course', { ...view, course: `${secret}/` }],
      ['site', { ...view, site: { secret } }],
      ['day', { ...view, day: secret }],
      ['day', { ...view, day: 1.5 }],
      ['clicks', { ...view, clicks: -1 }],
      ['clicks', { ...view, clicks: undefined }],
      ['name', { ...student, name: ' ' }],
      ['name', { ...student, name: secret.repeat(30) }],
      ['email', { ...student, email: secret }],
      ['region', { ...student, region: [secret] }],
      ['body', [secret]],
    ] as const) {
      assert.throws(
        () => read(body),
        (error: unknown) =>
          error instanceof LineError &&
          error.field === field &&
          error.number === 9 &&
          !error.message.includes(secret),
        field,
      );
    }
    assert.throws(
      () => importRecordOf({ number: 1, text: `{"id": ${secret}` }),
      (error: unknown) => error instanceof LineError && !`${error.stack}`.includes(secret),
    );
  });
});
