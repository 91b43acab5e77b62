import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkReason } from '../../src/index.js';
import { InMemoryPrivacyLog, privacyLogContract } from '../../src/testing/index.js';

privacyLogContract('in memory', () => Promise.resolve({ log: new InMemoryPrivacyLog() }));

describe('a reason', () => {
  it('must not hold the id of the user it is about, however it is spelt', () => {
    for (const reason of ['student-4711 asked', 'asked by STUDENT-4711']) {
      assert.throws(
        () => checkReason(reason, 'student-4711'),
        (error) => {
          assert.ok(error instanceof Error && 'code' in error);
          assert.equal(error.code, 'REASON_INVALID');
          assert.ok(!error.message.includes('4711'));
          return true;
        },
      );
    }
    const id = 'Zoe\u0308-4711';
    const bytes = Buffer.from(id);
    const spellings = [
      'zo\u00eb-4711',
      '\uff3ao\u00eb-4711',
      ...['hex', 'base64', 'base64url'].map((form) => bytes.toString(form as 'hex')),
    ];
    for (const reason of spellings)
      assert.throws(
        () => checkReason(`asked by ${reason.replaceAll('=', '')}`, id),
        { code: 'REASON_INVALID' },
        reason,
      );
    assert.equal(checkReason('ticket 4711', 'student-4711'), 'ticket 4711');
    // An id of one letter is in every word.
    assert.equal(checkReason('accuracy contested', 'a'), 'accuracy contested');
  });
});
