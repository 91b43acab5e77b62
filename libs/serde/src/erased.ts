import type { Erased } from './event-codec.js';

/** The one implementation of `Erased`: prints as `{"erased":true}`, so that a log or a response shows what happened. */
export class ErasedValue implements Erased {
  readonly erased = true;

  constructor(readonly erasedAt: number) {
    Object.freeze(this);
  }

  toJSON(): { erased: true } {
    return { erased: true };
  }

  toString(): string {
    return '[erased]';
  }
}

/** True for a personal field whose user is forgotten. Plain objects that look alike are not erased values. */
export function isErased(value: unknown): value is Erased {
  return value instanceof ErasedValue;
}
