import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PrivacyError } from '../../src/index.js';
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
        minLength: 40,
        maxLength: 60,
      }),
      fc.array(fc.nat(900), { minLength: 10, maxLength: 30 }),
      (words, cuts) => {
        const text = words.join('');
        for (const pattern of ['email', '(?<=-)ann', '^ann', '\\bann\\b', '\\s-?ann'])
          assert.equal(
            hits(pattern, text, cuts),
            [...text.matchAll(new RegExp(nativeOf(pattern), 'gu'))].length,
          );
      },
    ),
    { numRuns: 120, seed: 3 },
  );
});

test('what backtracks for ever elsewhere ends at once here', () => {
  // As (a+)+b and the like are without an end in sight: 2^n steps.
  const text = `${'a'.repeat(20_000)}!`;
  for (const pattern of ['(a+)+b', '(a|a)*b', '(a*)*b', '(.*a){12}b', '^(\\w+\\s?)*$', '(?<=(?:a+)+)b'])
    assert.equal(hits(pattern, text), 0, pattern);
  assert.equal(hits('(a|aa)+!', text), 1);
});

test('what only backtracking can do, or takes very many steps, is refused and not quoted', () => {
  for (const pattern of [
    '(qwyx)\\1',
    'a(?=qwyx)',
    'a(?!qwyx)',
    '(qwyx){1,1001}',
    '((qwyx{1,20}){1,20}){1,20}',
    '(qwyx){1,900}',
  ])
    assert.throws(
      () => auditPattern(pattern),
      (error: unknown) =>
        error instanceof PrivacyError &&
        error.code === 'AUDIT_PATTERN_UNSUPPORTED' &&
        !error.message.includes('qwyx') &&
        error.cause === undefined,
      pattern,
    );
});

test('an expression matches what ECMAScript matches, by its flags', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        ...[
          'a\\sb',
          '[\\s-]b',
          '\\Sb',
          '[^\\s]b',
          '\\u{1F600}+',
          '(?<=-)a+?',
          '(?<![ab])b',
          '(?<name>a)b|\\/',
          '[\\u00e0-\\u00ff]',
        ],
        ...[
          '/A.B/iu',
          '/^b/m',
          '/a$/m',
          '/a.b/su',
          '/É/iu',
          'a{2,3}',
          '\\x62?',
          '\\ba',
          'a|ab|',
          '\\p{Lu}',
          '[^]b',
          '\\cJ',
        ],
      ),
      fc.array(fc.constantFrom('a', 'b', '-', ' ', '\u00a0', '\u2003', '\n', 'é', 'É', '😀', '/', 'A'), {
        maxLength: 30,
      }),
      (pattern, signs) => {
        const text = signs.join('');
        const native = [...text.matchAll(new RegExp(nativeOf(pattern), nativeOf(pattern).flags + 'g'))];
        assert.equal(hits(pattern, text), native.filter(([found]) => found !== '').length, pattern);
      },
    ),
    { numRuns: 600, seed: 5 },
  );
});

/** What V8 is asked for the same. */
function nativeOf(pattern: string): RegExp {
  const { expression } = auditPattern(pattern);
  if (expression instanceof RegExp) return expression;
  const [, source = pattern, flags = 'u'] = /^\/(.+)\/([imsu]*)$/s.exec(pattern) ?? [];
  return new RegExp(source, flags);
}
