/** Names a purpose in records and envelopes: 8 lower-case hex digits (SPEC.md, section 2). */
export type PurposeTag = string & { readonly __brand: 'PurposeTag' };

/** The purpose of whatever is declared for no other: it ends only when the user is forgotten. */
export const GENERAL_PURPOSE = '00000000' as PurposeTag;

/** The part of a user's data that a key is for. */
export interface KeyScope {
  /** Counts the times the user began anew after being forgotten, from 1. */
  readonly lifecycle: number;
  readonly purpose: PurposeTag;
  /** Within the lifecycle: counts the times the purpose began anew after it was withdrawn, from 1; always 1 for the general one. */
  readonly generation: number;
}

/** True when what ends `end` ends `scope`: the general purpose ends all of a lifecycle and those before it. */
export function endsWith(scope: KeyScope, end: KeyScope): boolean {
  if (end.purpose === GENERAL_PURPOSE) return scope.lifecycle <= end.lifecycle;
  return (
    scope.lifecycle === end.lifecycle && scope.purpose === end.purpose && scope.generation <= end.generation
  );
}

export function isSameScope(a: KeyScope, b: KeyScope): boolean {
  return a.lifecycle === b.lifecycle && a.purpose === b.purpose && a.generation === b.generation;
}
