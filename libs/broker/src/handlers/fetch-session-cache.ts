import { Buffer } from 'node:buffer';
import type { Clock, Entropy } from '@oubliette/runtime';
import { FetchSession } from './fetch-session.js';

/** A session may be taken from a client that was silent for that long (FetchSession.FETCH_SESSION_EVICTION_MS). */
const evictionMs = 120_000;
/** 0 is no session. */
const noSession = 0;

/** The sessions of all clients, `slots` at most (max.incremental.fetch.session.cache.slots), the longest unused first. */
export class FetchSessionCache {
  readonly #sessions = new Map<number, FetchSession>();

  constructor(
    private readonly clock: Clock,
    private readonly entropy: Entropy,
    private readonly slots: number,
  ) {}

  get size(): number {
    return this.#sessions.size;
  }

  get(id: number): FetchSession | undefined {
    return this.#sessions.get(id);
  }

  remove(id: number): void {
    this.#sessions.delete(id);
  }

  touch(session: FetchSession): void {
    session.lastUsedMs = this.clock.monotonic();
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  /**
   * A new session, which will hold so many partitions, or null where all slots are taken by clients with a better claim: the client then
   * sends full requests.
   */
  create(usesTopicIds: boolean, partitions: number): FetchSession | null {
    const now = this.clock.monotonic();
    if (this.#sessions.size >= this.slots && !this.#evict(partitions, now)) return null;
    const session = new FetchSession(this.#newId(), usesTopicIds, now, now);
    this.#sessions.set(session.id, session);
    return session;
  }

  /**
   * Makes room for a session of so many partitions: takes one that was not used lately, else the smallest of those that have stood
   * for a while, if it is smaller (FetchSessionCache.tryEvict).
   */
  #evict(partitions: number, now: number): boolean {
    const [longestUnused] = this.#sessions.values();
    if (longestUnused === undefined) return false;
    if (now - longestUnused.lastUsedMs > evictionMs) {
      this.#sessions.delete(longestUnused.id);
      return true;
    }
    let smallest: FetchSession | null = null;
    for (const session of this.#sessions.values()) {
      if (now - session.createdMs > evictionMs && (smallest === null || session.size < smallest.size)) {
        smallest = session;
      }
    }
    if (smallest === null || partitions <= smallest.size) return false;
    this.#sessions.delete(smallest.id);
    return true;
  }

  #newId(): number {
    const bytes = Buffer.alloc(4);
    for (;;) {
      this.entropy.fill(bytes);
      const id = bytes.readUInt32BE(0) >>> 1;
      if (id !== noSession && !this.#sessions.has(id)) return id;
    }
  }
}
