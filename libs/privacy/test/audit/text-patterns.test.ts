import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditPattern, TextSearch } from '../../src/audit/text-patterns.js';

function hits(pattern: string, text: string, cuts: readonly number[] = []): number {
  let count = 0;
  const search = new TextSearch([auditPattern(pattern)], () => count++);
  const bytes = Buffer.from(text, 'utf8');
  let from = 0;
  for (const size of cuts) search.push(bytes.subarray(from, (from += size)));
  search.push(bytes.subarray(from));
  search.end();
  return count;
}

test('e-mail addresses, telephone numbers and IBANs by their names', () => {
  const text = 'Jürgen <jürgen.m+x@mail.example.org>, +49 (30) 901820, IBAN DE89 3704 0044 0532 0130 00.';
  assert.deepEqual([hits('email', text), hits('phone', text), hits('iban', text)], [1, 1, 1]);
  assert.equal(hits('IBAN', 'GB82WEST12345698765432'), 1);
  const others = 'user@host, a@b, +1, 2026-11-23T18:00:00.000+0100, DE89 3704 0044 0532 0130 01, 49301234567';
  assert.deepEqual([hits('email', others), hits('phone', others), hits('iban', others)], [0, 0, 0]);
});

test("the caller's own expressions, with flags", () => {
  assert.equal(hits('matriculation \\d{7}', 'matriculation 1234567 and Matriculation 7654321'), 1);
  assert.equal(hits('/matriculation \\d{7}/i', 'matriculation 1234567 and Matriculation 7654321'), 2);
  assert.throws(() => auditPattern('('), { code: 'AUDIT_QUESTION_INVALID' });
});

test('as many in pieces as at once, also where one lies across a border, and looks back across it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('ann@example.org', ' ', 'é', 'x'.repeat(300), '-ann', '\n'), {
        maxLength: 60,
      }),
      fc.array(fc.nat(900), { maxLength: 30 }),
      (words, cuts) => {
        const text = words.join('');
        for (const pattern of ['email', '(?<=-)ann', '^ann', '\\bann\\b'])
          assert.equal(
            hits(pattern, text, cuts),
            [...text.matchAll(new RegExp(auditPattern(pattern).expression, 'gu'))].length,
          );
      },
    ),
    { numRuns: 300, seed: 3 },
  );
});
