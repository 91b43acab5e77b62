import { RE2JS, RE2JSException } from 're2js';
import { PrivacyError } from '../errors.js';

/** Where an expression matched a text, by its UTF-16 units. */
export interface TextMatch {
  readonly start: number;
  readonly end: number;
}

/** Instructions of a compiled expression: a character costs at most so many steps. `\d{7}` has 9, `\p{L}{1,64}@x` 131. */
export const MOST_INSTRUCTIONS = 1_000;

/** What ECMAScript has as `\s`; RE2 means ASCII alone, and would miss a name behind a no-break space. */
const spaces = '\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff';

/**
 * A regular expression of somebody else's: RE2 finds what it matches in a time that grows with the text alone, where backtracking can take
 * for ever. What only backtracking can do is refused. `.` and `$` know `\n` as the only end of a line, `\w`, `\b` and `\d` ASCII.
 */
export class LinearExpression {
  readonly #compiled: RE2JS;

  /** Throws `AUDIT_PATTERN_UNSUPPORTED`. */
  constructor(expression: RegExp) {
    this.#compiled = compiled(expression);
    if (this.#compiled.programSize() > MOST_INSTRUCTIONS)
      throw unsupported('is too large: repeat less often, or ask for a part of it');
  }

  /** Those that begin at `from` or behind, none over another; an empty one too. */
  *matches(text: string, from: number): Generator<TextMatch, void, undefined> {
    const matcher = this.#compiled.matcher(text);
    for (let found = from <= text.length && matcher.find(from); found; found = matcher.find())
      yield { start: matcher.start(), end: matcher.end() };
  }
}

function compiled(expression: RegExp): RE2JS {
  try {
    const spaced = new RegExp(withSpaces(expression.source), expression.flags);
    return RE2JS.compile(RE2JS.translateRegExp(spaced), RE2JS.LOOKBEHINDS);
  } catch (error) {
    // The cause would quote the text.
    if (error instanceof RE2JSException)
      throw unsupported(
        'has what cannot be looked for in bounded time: leave out back references and what looks ahead, and repeat at most 1000 times',
      );
    throw error;
  }
}

function withSpaces(source: string): string {
  let isInClass = false;
  return source.replace(/\\[\s\S]|[[\]]/g, (sign) => {
    if (sign === '[' || sign === ']') isInClass = sign === '[';
    if (sign === '\\s') return isInClass ? spaces : `[${spaces}]`;
    return sign === '\\S' && !isInClass ? `[^${spaces}]` : sign;
  });
}

function unsupported(what: string): PrivacyError {
  return new PrivacyError('AUDIT_PATTERN_UNSUPPORTED', `A pattern ${what}.`);
}
