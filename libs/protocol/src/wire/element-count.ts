import { ProtocolError } from '../errors.js';

/** Elements that are read or written between two rests of a message that is done in steps. */
const REST_EVERY = 128;

/** Counts the elements of a message's arrays: they, not its bytes, are what takes time. */
export class ElementCount {
  #atOnceLeft = Infinity;
  #sinceRest = 0;

  /** From here on so many elements are done; the next array beyond throws. Infinity: any number. */
  limitAtOnce(most: number): void {
    this.#atOnceLeft = most;
  }

  /** To be called before an array of so many is begun. Throws `ProtocolError` TOO_MANY_AT_ONCE. */
  begin(count: number): void {
    this.#atOnceLeft -= count;
    if (this.#atOnceLeft >= 0) return;
    throw new ProtocolError(
      'TOO_MANY_AT_ONCE',
      `an array of ${count} elements is beyond what is done at once`,
    );
  }

  /** An element is done; whether others should be let run now. */
  isRestDue(): boolean {
    this.#sinceRest += 1;
    if (this.#sinceRest < REST_EVERY) return false;
    this.#sinceRest = 0;
    return true;
  }
}
