import { readKeyRecordClaim } from './key-record.js';
import type { KeyProfile } from './user-key.js';
import { MOST_PROFILES } from './user-rows.js';

/** Where a key record says what its profile is made of (SPEC.md, section 5): epoch to rotation, and lifetime. */
const HEAD_END = 22;
const LIFETIME_AT = 30;
const LIFETIME_END = 34;

/** Numbers what keys have in common: a row has room for a number. There are few, one or two an epoch. */
export class KeyProfiles {
  readonly #profiles: KeyProfile[] = [];
  readonly #numbers = new Map<string, number>();
  /** The record whose profile was asked for last, and its number: they come in runs. */
  readonly #last = new Uint8Array(LIFETIME_END);
  #lastNumber = -1;

  get(number: number): KeyProfile {
    const profile = this.#profiles[number];
    if (profile) return profile;
    throw new RangeError(`there is no profile ${number}`);
  }

  /** The number of a profile, a new one if need be; -1 when there are no more. Only for what was authenticated. */
  numberOf(profile: KeyProfile): number {
    const name = nameOf(profile);
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#profiles.length;
    if (number >= MOST_PROFILES) return -1;
    const { lifecycle, purpose, generation, rotation, lifetimeSeconds, epoch } = profile;
    this.#profiles.push({ lifecycle, purpose, generation, rotation, lifetimeSeconds, epoch });
    this.#numbers.set(name, number);
    return number;
  }

  /** The number of what a key record claims, if it is known; -1 for any other and for what is no key record. */
  claimedBy(value: Uint8Array): number {
    if (this.#lastNumber >= 0 && this.#isLast(value)) return this.#lastNumber;
    const claim = readKeyRecordClaim(value);
    if (claim === null || claim === 'unknown-version') return -1;
    const number = this.#numbers.get(nameOf(claim)) ?? -1;
    if (number < 0) return -1;
    for (let at = 0; at < LIFETIME_END; at++) this.#last[at] = value[at] ?? 0;
    this.#lastNumber = number;
    return number;
  }

  /** Version and algorithm are compared with the rest. */
  #isLast(value: Uint8Array): boolean {
    for (let at = 0; at < HEAD_END; at++) if (value[at] !== this.#last[at]) return false;
    for (let at = LIFETIME_AT; at < LIFETIME_END; at++) if (value[at] !== this.#last[at]) return false;
    return true;
  }
}

function nameOf({ lifecycle, purpose, generation, rotation, lifetimeSeconds, epoch }: KeyProfile): string {
  return `${lifecycle}:${purpose}.${generation}.${rotation}.${lifetimeSeconds}.${epoch}`;
}
