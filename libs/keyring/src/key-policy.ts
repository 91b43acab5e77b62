import type { UserKey } from './user-key.js';

/**
 * How long a user key serves. XChaCha20's random nonces of 192 bits would allow far more than the default number of uses
 * (draft-irtf-cfrg-xchacha-03, section 2.1: 2^80 messages); it bounds what one lost key shows.
 */
export interface KeyPolicy {
  /** After so long a new key is made for what is written from then on, ms; the old one still reads. Default: never. */
  readonly rotateAfterMs?: number;
  /** After so many values that one process sealed, likewise. Default, and most: 2^32 - 1. */
  readonly rotateAfterUses?: number;
  /** After so long the key ends, and all that it encrypted, ms in whole seconds, at most 2^32 - 1 of them. Default: never. It is written into the key. */
  readonly lifetimeMs?: number;
}

/** A key record has room for so many seconds (SPEC.md, section 5). */
export const longestLifetimeMs = (2 ** 32 - 1) * 1000;

/** Uses are counted up to this. */
const mostUses = 2 ** 32 - 1;

/** When the key ends by itself, ms since the Unix epoch; Infinity: never. */
export function endOf({ madeAt, lifetimeSeconds }: Pick<UserKey, 'madeAt' | 'lifetimeSeconds'>): number {
  return lifetimeSeconds === 0 ? Infinity : madeAt + lifetimeSeconds * 1000;
}

/**
 * True when something new is to be encrypted with a new key. `now`: by whichever clock says more; `byLog`: by the log alone. A wall clock
 * that is ahead finds every key old, also the one that was made just now: no two are made for it within half their time.
 */
export function isWornOut(key: UserKey, policy: KeyPolicy, now: number, byLog: number): boolean {
  const isOver = (periodMs: number): boolean =>
    now - key.madeAt >= periodMs && byLog - key.madeAt >= periodMs / 2;
  return (
    key.uses >= Math.min(policy.rotateAfterUses ?? mostUses, mostUses) ||
    isOver(policy.rotateAfterMs ?? Infinity) ||
    isOver(endOf(key) - key.madeAt)
  );
}
