/** Streams that were seen to exist. They never go away, so this needs no refreshing, only a bound. */
export class KnownStreams {
  readonly #known = new Set<string>();

  constructor(private readonly bound = 100_000) {}

  has(streamId: string): boolean {
    return this.#known.has(streamId);
  }

  add(streamId: string): void {
    this.#known.add(streamId);
    if (this.#known.size <= this.bound) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
