import { inspect } from 'node:util';
import type { Clock, Timer } from '@oubliette/runtime';
import { toHex } from '../../hex.js';
import { LongestTime, momentOf } from '../longest-time.js';
import type { Destruction, MasterKeyCall, MasterKeyId, MasterKeys } from '../master-keys.js';

export interface UnwrapCacheOptions {
  readonly clock: Clock;
  /** How long a secret that was unwrapped is given again without asking, in ms by either clock; default 5 min. */
  readonly cacheMs?: number;
}

const MAX_ENTRIES = 8;

interface Entry {
  readonly secret: Uint8Array;
  readonly age: LongestTime;
  readonly timer: Timer;
}

/**
 * Gives what was unwrapped again for a while without asking the service, unless the call wants it `fresh`. Wiped when the
 * time is over, when an epoch is destroyed through it, and on close. Owns `inner` from here.
 */
export class CachedMasterKeys implements MasterKeys {
  readonly #inner: MasterKeys;
  readonly #clock: Clock;
  readonly #cacheMs: number;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(inner: MasterKeys, options: UnwrapCacheOptions) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#cacheMs = options.cacheMs ?? 300_000;
  }

  get current(): MasterKeyId {
    return this.#inner.current;
  }

  keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    return this.#inner.keys(options);
  }

  wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array> {
    return this.#inner.wrap(context, secret, options);
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    const name = `${fingerprint} ${toHex(context)} ${toHex(wrapped)}`;
    const cached = options?.fresh ? null : this.#find(name);
    if (cached) return cached.slice();
    const secret = await this.#inner.unwrap(fingerprint, context, wrapped, options);
    if (secret && !this.#isClosed) this.#keep(name, secret.slice());
    return secret;
  }

  advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId> {
    return this.#inner.advance(from, options);
  }

  async destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction> {
    try {
      return await this.#inner.destroy(epoch, options);
    } finally {
      this.#forgetAll();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#forgetAll();
    this.#inner.close();
  }

  [inspect.custom](): string {
    return `CachedMasterKeys { cached: ${this.#entries.size}, of: ${inspect(this.#inner)} }`;
  }

  #find(name: string): Uint8Array | null {
    const entry = this.#entries.get(name);
    if (!entry) return null;
    if (entry.age.passed(momentOf(this.#clock)) < this.#cacheMs) return entry.secret;
    this.#forget(name);
    return null;
  }

  #keep(name: string, secret: Uint8Array): void {
    this.#forget(name);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= MAX_ENTRIES && oldest !== undefined) this.#forget(oldest);
    this.#entries.set(name, {
      secret,
      age: new LongestTime(momentOf(this.#clock)),
      timer: this.#clock.schedule(this.#cacheMs, () => this.#forget(name)),
    });
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    entry?.timer.cancel();
    entry?.secret.fill(0);
    this.#entries.delete(name);
  }

  #forgetAll(): void {
    for (const name of [...this.#entries.keys()]) this.#forget(name);
  }
}
