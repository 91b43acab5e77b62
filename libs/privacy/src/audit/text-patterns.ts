import { PrivacyError } from '../errors.js';
import { LinearExpression, type TextMatch } from './linear-expression.js';

/** A shape of text to look for. */
export interface AuditPattern {
  /** For the findings: what is found is not told. */
  readonly name: string;
  /** One of the application's own backtracks: give it no loop within a loop. */
  readonly expression: RegExp | LinearExpression;
  /** Whether what the expression found counts; default: it does. */
  readonly accepts?: (found: string) => boolean;
}

/** Characters that one match may have. */
export const LONGEST_MATCH = 256;
/** Kept before the place where a search goes on, for what looks back, as \b does. */
const CONTEXT = 16;

const presets: Readonly<Record<string, AuditPattern>> = {
  // RFC 5321's common part: quoted local parts and address literals are left out.
  email: {
    name: 'email',
    expression:
      /(?<![\p{L}\p{N}.!#$%&'*+/=?^_{|}~-])[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}\b/u,
  },
  // ISO 13616, in one piece or in groups of four; the check digits must fit.
  iban: {
    name: 'iban',
    expression: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/,
    accepts: isIban,
  },
  // ITU-T E.123, international notation; a number without + is not told from other numbers.
  phone: { name: 'phone', expression: /(?<![\p{L}\p{N}+])\+[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)/u },
};

export const AUDIT_PRESETS: readonly string[] = Object.keys(presets);

/**
 * A preset by its name, else a regular expression, as such or as `/…/i`, under `name`: its text may tell whom it is about. It may come from
 * anybody: it is looked for in linear time. Throws `AUDIT_QUESTION_INVALID`, and `AUDIT_PATTERN_UNSUPPORTED` for what cannot be.
 */
export function auditPattern(text: string, name = 'expression'): AuditPattern {
  const preset = presets[text.toLowerCase()];
  if (preset !== undefined) return preset;
  const slashed = /^\/(.+)\/([imsu]*)$/s.exec(text);
  return { name, expression: new LinearExpression(expressionOf(slashed?.[1] ?? text, slashed?.[2] ?? 'u')) };
}

function expressionOf(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    // The cause would quote the text.
    throw new PrivacyError(
      'AUDIT_QUESTION_INVALID',
      `A pattern is no regular expression. Write one as JavaScript has it, or one of ${AUDIT_PRESETS.join(', ')}.`,
    );
  }
}

/** ISO 7064, MOD 97-10. */
function isIban(found: string): boolean {
  const text = found.replaceAll(' ', '');
  if (text.length < 15 || text.length > 34) return false;
  let rest = 0;
  for (const sign of text.slice(4) + text.slice(0, 4))
    for (const digit of String(parseInt(sign, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}

/** Looks for patterns in text that comes in pieces (UTF-8; other bytes count as U+FFFD). A match of up to 256 characters is found once. */
export class TextSearch {
  readonly #patterns: readonly {
    readonly pattern: AuditPattern;
    readonly matches: Matches;
    from: number;
  }[];
  readonly #onFound: (pattern: AuditPattern) => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';

  constructor(patterns: readonly AuditPattern[], onFound: (pattern: AuditPattern) => void) {
    this.#patterns = patterns.map((pattern) => ({
      pattern,
      matches: matchesOf(pattern.expression),
      from: 0,
    }));
    this.#onFound = onFound;
  }

  push(chunk: Uint8Array): void {
    if (this.#patterns.length === 0) return;
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (this.#text.length > 4 * LONGEST_MATCH) this.#search(this.#text.length - LONGEST_MATCH);
  }

  /** Looks at what was held back; then it may begin anew. */
  end(): void {
    if (this.#patterns.length === 0) return;
    this.#text += this.#decoder.decode();
    this.#search(this.#text.length);
    this.#text = '';
    for (const one of this.#patterns) one.from = 0;
  }

  /** Counts what begins before `end`, and keeps the text from there on. */
  #search(end: number): void {
    for (const one of this.#patterns) {
      for (const match of one.matches(this.#text, one.from)) {
        if (match.start >= end) break;
        one.from = Math.max(match.end, match.start + 1);
        if (match.end === match.start) continue;
        const accepted = one.pattern.accepts?.(this.#text.slice(match.start, match.end)) ?? true;
        if (accepted) this.#onFound(one.pattern);
      }
      one.from = Math.max(one.from, end);
    }
    const cut = Math.max(0, end - CONTEXT);
    this.#text = this.#text.slice(cut);
    for (const one of this.#patterns) one.from -= cut;
  }
}

type Matches = (text: string, from: number) => Generator<TextMatch, void, undefined>;

/** What the expression matches in a text, from a place on. */
export function matchesOf(expression: RegExp | LinearExpression): Matches {
  if (expression instanceof LinearExpression) return (text, from) => expression.matches(text, from);
  const all = new RegExp(expression.source, `${expression.flags.replace(/[gy]/g, '')}g`);
  return (text, from) => backtracking(all, text, from);
}

function* backtracking(all: RegExp, text: string, from: number): Generator<TextMatch, void, undefined> {
  all.lastIndex = from;
  for (let match = all.exec(text); match !== null; match = all.exec(text)) {
    const end = match.index + match[0].length;
    if (match[0] === '') all.lastIndex++;
    yield { start: match.index, end };
  }
}
