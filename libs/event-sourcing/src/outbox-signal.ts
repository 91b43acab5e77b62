/** Tells the relay that records were committed to the outbox, so that it need not wait for its next look. */
export class OutboxSignal {
  readonly #listeners = new Set<() => void>();

  /** Called by an event store after the commit of a transaction that put records into the outbox. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Returns the unsubscribe. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
