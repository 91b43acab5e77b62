import { PrivacyError } from '../errors.js';

/** A shape of text to look for. */
export interface AuditPattern {
  /** For the findings: what is found is not told. */
  readonly name: string;
  readonly expression: RegExp;
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

/** A preset by its name, else a regular expression, as such or as `/…/i`, under `name`: its text may tell whom it is about. Throws `AUDIT_QUESTION_INVALID`. */
export function auditPattern(text: string, name = 'expression'): AuditPattern {
  const preset = presets[text.toLowerCase()];
  if (preset !== undefined) return preset;
  const slashed = /^\/(.+)\/([imsu]*)$/s.exec(text);
  try {
    return { name, expression: new RegExp(slashed?.[1] ?? text, slashed?.[2] ?? 'u') };
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
    readonly expression: RegExp;
    from: number;
  }[];
  readonly #onFound: (pattern: AuditPattern) => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';

  constructor(patterns: readonly AuditPattern[], onFound: (pattern: AuditPattern) => void) {
    this.#patterns = patterns.map((pattern) => ({
      pattern,
      expression: new RegExp(pattern.expression.source, `${pattern.expression.flags.replace(/[gy]/g, '')}g`),
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
      one.expression.lastIndex = one.from;
      let match = one.expression.exec(this.#text);
      for (; match !== null && match.index < end; match = one.expression.exec(this.#text)) {
        if (match[0] === '') one.expression.lastIndex++;
        else if (one.pattern.accepts?.(match[0]) ?? true) this.#onFound(one.pattern);
        one.from = one.expression.lastIndex;
      }
      one.from = Math.max(one.from, end);
    }
    const cut = Math.max(0, end - CONTEXT);
    this.#text = this.#text.slice(cut);
    for (const one of this.#patterns) one.from -= cut;
  }
}
