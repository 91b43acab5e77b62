import type { Segment } from './segment.js';

/** A log's segments in the order of their base offsets; there is always one, the last is the active one. */
export class SegmentList {
  #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get first(): Segment {
    return this.#at(0);
  }

  get active(): Segment {
    return this.#at(this.#segments.length - 1);
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** The segment that holds the offset or, where it was cleaned away, the one before; the first for lower offsets. */
  floor(offset: bigint): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#at(middle).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#at(low);
  }

  /** The first segment with a base offset above the one given. */
  above(baseOffset: bigint): Segment | undefined {
    return this.#segments.find((segment) => segment.baseOffset > baseOffset);
  }

  push(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Takes back a roll. */
  pop(): void {
    this.#segments.pop();
  }

  /** Puts one segment, or none, in the place of neighbours. */
  replace(old: readonly Segment[], by: readonly Segment[]): void {
    const gone = new Set(old);
    const at = this.#segments.findIndex((segment) => gone.has(segment));
    this.#segments = this.#segments.filter((segment) => !gone.has(segment));
    this.#segments.splice(Math.max(0, at), 0, ...by);
  }

  #at(index: number): Segment {
    const segment = this.#segments[index];
    if (segment === undefined) throw new RangeError('a log without a segment');
    return segment;
  }
}
