import type { BytePattern } from './byte-search.js';

/** How a term stood where it was found. */
export type TermForm = 'utf-8' | 'utf-16' | 'json' | 'percent' | 'hex' | 'base64';

/** One way in which one term may stand somewhere. */
export interface TermPattern extends BytePattern {
  /** Counted from 1, in the order asked. */
  readonly term: number;
  readonly form: TermForm;
}

/** Characters of base64 that must stay the same whatever stands around them: fewer are met by chance. */
const SHORTEST_BASE64 = 6;
/** Letters beyond ASCII whose capitals are tried in all combinations; of more only all small, all large and as given. */
const MOST_FREE_LETTERS = 4;

/**
 * Every form of a term that is looked for. Capitals do not matter in text; of what is under hex or base64, the term as given, all small
 * and all large are looked for. Letters like é as one code point and as two (Unicode's NFC and NFD).
 */
export function formsOf(text: string, term: number): TermPattern[] {
  const patterns = new Map<string, TermPattern>();
  const add = (form: TermForm, bytes: Uint8Array, foldsCase: boolean): void => {
    const plain = Buffer.from(bytes).toString('latin1');
    const key = foldsCase ? `folded ${plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}` : plain;
    if (!patterns.has(key)) patterns.set(key, { term, form, bytes, foldsCase });
  };
  for (const spelling of spellingsOf(text)) {
    add('utf-8', Buffer.from(spelling, 'utf8'), true);
    for (const wide of wideFormsOf(spelling)) add('utf-16', wide, true);
    for (const escaped of jsonFormsOf(spelling)) add('json', Buffer.from(escaped, 'utf8'), true);
    for (const escaped of percentFormsOf(spelling)) add('percent', Buffer.from(escaped, 'utf8'), true);
  }
  for (const spelling of [text, text.toLowerCase(), text.toUpperCase()]) {
    const bytes = Buffer.from(spelling, 'utf8');
    add('hex', Buffer.from(bytes.toString('hex')), true);
    for (const encoded of base64FormsOf(bytes)) add('base64', Buffer.from(encoded), false);
  }
  return [...patterns.values()];
}

/** A to Z are folded by the search itself. */
function spellingsOf(text: string): Set<string> {
  const composed = text.normalize('NFC');
  const spellings = new Set([text, composed, composed.toLowerCase(), composed.toUpperCase()]);
  const free = [...composed].filter((letter) => casesOf(letter).length > 1);
  if (free.length <= MOST_FREE_LETTERS)
    for (const spelling of combinationsOf([...composed])) spellings.add(spelling);
  for (const spelling of [...spellings]) spellings.add(spelling.normalize('NFD'));
  return spellings;
}

function casesOf(letter: string): string[] {
  if (letter.codePointAt(0)! < 0x80) return [letter];
  return [...new Set([letter, letter.toLowerCase(), letter.toUpperCase()])];
}

function combinationsOf(letters: readonly string[]): string[] {
  let texts = [''];
  for (const letter of letters) texts = casesOf(letter).flatMap((one) => texts.map((text) => text + one));
  return texts;
}

/** Both byte orders, which differ for European letters by the outermost zero only: that is left out, so that nothing counts twice. */
function wideFormsOf(text: string): Uint8Array[] {
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  return [little.at(-1) === 0 ? little.subarray(0, -1) : little, big[0] === 0 ? big.subarray(1) : big];
}

/** As JSON has it (RFC 8259, 7), also with everything beyond ASCII and the slash escaped, and as JSON within a JSON text. */
function jsonFormsOf(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const once = [plain, ascii, plain.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')];
  return [...once, ...once.map((inner) => JSON.stringify(inner).slice(1, -1))];
}

/** RFC 3986 with all but its unreserved characters escaped, as browsers have addresses, and as forms have blanks. */
function percentFormsOf(text: string): string[] {
  // A lone half of a surrogate pair has no percent form: as UTF-8 has it, U+FFFD.
  const whole = Buffer.from(text, 'utf8').toString('utf8');
  const component = encodeURIComponent(whole);
  const strict = component.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  const forms = [component, strict, encodeURI(whole)];
  return [...forms, ...forms.map((form) => form.replaceAll('%20', '+'))];
}

/** What stays the same of a base64 text (RFC 4648) whatever stands before and after, in both alphabets. */
function base64FormsOf(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((lead) => {
    const encoded = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const partial = (lead + bytes.length) % 3 === 0 ? 0 : 1;
    const middle = encoded.slice([0, 2, 3][lead], encoded.length - partial);
    if (middle.length < SHORTEST_BASE64) return [];
    return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
