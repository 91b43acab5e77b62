/** Hex digits of a 32-bit word. */
const DIGITS = 8;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_A = 0x61;
const LOWER_F = 0x66;

/** Eight lower-case hex digits (ASCII) from `at` on as a word; -1 when they are none. */
export function wordFromAscii(ascii: Uint8Array, at: number): number {
  let word = 0;
  for (let index = at; index < at + DIGITS; index++) {
    const digit = digitOf(ascii[index] ?? 0);
    if (digit < 0) return -1;
    word = (word << 4) | digit;
  }
  return word >>> 0;
}

/** Writes the words of a hex text to `words` from `at` on. False when it is not `count` words of lower-case hex. */
export function wordsFromHex(text: string, words: Uint32Array, at: number, count: number): boolean {
  if (text.length !== count * DIGITS) return false;
  for (let index = 0; index < count; index++) {
    let word = 0;
    for (let digit = index * DIGITS; digit < (index + 1) * DIGITS; digit++) {
      const value = digitOf(text.charCodeAt(digit));
      if (value < 0) return false;
      word = (word << 4) | value;
    }
    words[at + index] = word;
  }
  return true;
}

/** Lower-case hex of `count` words from `at` on. */
export function hexOfWords(words: Uint32Array, at: number, count: number): string {
  const bytes = Buffer.allocUnsafe(count * 4);
  for (let index = 0; index < count; index++) bytes.writeUInt32BE(words[at + index] ?? 0, index * 4);
  return bytes.toString('hex');
}

function digitOf(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  return code >= LOWER_A && code <= LOWER_F ? code - LOWER_A + 10 : -1;
}
