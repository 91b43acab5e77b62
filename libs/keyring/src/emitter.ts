/** A list of listeners. One that throws is a bug of its owner: it becomes an uncaught exception, and the others still hear. */
export class Emitter<T> {
  readonly #listeners = new Set<(event: T) => void>();

  get silent(): boolean {
    return this.#listeners.size === 0;
  }

  /** Returns the unsubscribe. */
  subscribe(listener: (event: T) => void): () => void {
    const entry = (event: T) => listener(event);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
