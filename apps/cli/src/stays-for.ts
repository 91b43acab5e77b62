import { spellDuration } from '@oubliette/privacy';

/** A worst case in ms for people; null: there is none. */
export function spell(ms: number | null): string {
  return spellDuration(ms ?? Number.POSITIVE_INFINITY);
}

/** What a byte does in a log with this worst case in ms. */
export function staysFor(ms: number | null): string {
  return ms === null ? 'can stay without bound' : `stays for at most ${spell(ms)}`;
}
