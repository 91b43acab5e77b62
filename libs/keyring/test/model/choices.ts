/** All ways through a run that asks what comes next at each fork, one after the other: depth first, none left out, none twice. */
export class Choices {
  readonly #made: { picked: number; readonly of: number }[] = [];
  #next = 0;

  /** False while an earlier way is gone along once more. */
  get isNew(): boolean {
    return this.#next >= this.#made.length;
  }

  /** 0 to `of` − 1. */
  pick(of: number): number {
    const made = this.#made[this.#next++];
    if (made === undefined) {
      this.#made.push({ picked: 0, of });
      return 0;
    }
    if (made.of !== of) throw new Error(`a run that is not repeatable: ${of} ways on, ${made.of} before`);
    return made.picked;
  }

  /** Turns to the next way; false when all were gone. */
  advance(): boolean {
    this.#next = 0;
    for (let last = this.#made.at(-1); last !== undefined; last = this.#made.at(-1)) {
      if (++last.picked < last.of) return true;
      this.#made.pop();
    }
    return false;
  }
}
