import type { Restricted } from './event-codec.js';

/**
 * The one implementation of `Restricted`. It prints as `{"restricted":true}`, and refuses to be taken for a text or a number: what would
 * be written of it somewhere would stand there in place of the value when that may be processed again.
 */
export class RestrictedValue implements Restricted {
  readonly restricted = true;

  constructor(readonly since: number) {
    Object.freeze(this);
  }

  toJSON(): { restricted: true } {
    return { restricted: true };
  }

  /** Throws a TypeError: in a template, a concatenation, a comparison. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(
      'A personal value of a restricted user was taken for a text or a number: ask isRestricted(value) first.',
    );
  }
}

/** True for a personal field whose user is restricted. Plain objects that look alike are not restricted values. */
export function isRestricted(value: unknown): value is Restricted {
  return value instanceof RestrictedValue;
}
