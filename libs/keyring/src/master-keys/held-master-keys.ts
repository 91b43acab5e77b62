import { inspect } from 'node:util';
import type { Entropy } from '@oubliette/runtime';
import type { Sodium } from '../crypto/sodium.js';
import { HeldMasterKey } from './held-master-key.js';
import { advancedKeys, wipeKeySet, type KeySet } from './key-set.js';
import { keysClosed, masterKeyInUse, masterKeyMismatch, secretTooLarge } from './master-key-errors.js';
import {
  MAX_WRAPPED_SECRET_BYTES,
  type Destruction,
  type MasterKeyCall,
  type MasterKeyId,
  type MasterKeys,
} from './master-keys.js';

/** Where keys that this process holds come from. */
export interface KeySource {
  /** For messages: `the key file /srv/keys.json`. */
  readonly name: string;
  /** The keys as they stand now; the caller wipes them. Throws what is wrong with the place. */
  read(): KeySet;
  /**
   * Reads, and stores what `edit` makes of it, as one step that no other process can come between; null leaves it as it
   * is. Resolves to what stands then; the caller wipes it.
   */
  change(edit: (standing: KeySet) => KeySet | null): KeySet;
  /** Wipes what it keeps itself. */
  close(): void;
}

/** Master keys in this process's memory. */
export class HeldMasterKeys implements MasterKeys {
  readonly #sodium: Sodium;
  readonly #entropy: Entropy;
  readonly #source: KeySource;
  /** By fingerprint. */
  #held = new Map<string, HeldMasterKey>();
  #current!: HeldMasterKey;
  #closed = false;

  constructor(sodium: Sodium, entropy: Entropy, source: KeySource) {
    this.#sodium = sodium;
    this.#entropy = entropy;
    this.#source = source;
    this.#take(source.read());
  }

  get current(): MasterKeyId {
    return this.#current.id;
  }

  async keys(): Promise<readonly MasterKeyId[]> {
    this.#assertOpen();
    this.#take(this.#source.read());
    return [...this.#held.values()].map(({ id }) => id).sort((a, b) => a.epoch - b.epoch);
  }

  async wrap(context: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
    this.#assertOpen();
    if (secret.length > MAX_WRAPPED_SECRET_BYTES) throw secretTooLarge(secret.length);
    return this.#current.wrap(this.#entropy, context, secret);
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    this.#assertOpen();
    if (options?.fresh || !this.#held.has(fingerprint)) this.#take(this.#source.read());
    const key = this.#held.get(fingerprint);
    if (!key) throw masterKeyMismatch(fingerprint, this.#source.name, [...this.#held.keys()]);
    return key.unwrap(context, wrapped);
  }

  async advance(from: number): Promise<MasterKeyId> {
    this.#assertOpen();
    this.#take(
      this.#source.change((standing) =>
        standing.current > from ? null : advancedKeys(standing, from, this.#entropy),
      ),
    );
    return this.current;
  }

  async destroy(epoch: number): Promise<Destruction> {
    this.#assertOpen();
    this.#take(
      this.#source.change((standing) => {
        if (epoch >= standing.current) throw masterKeyInUse(epoch, standing.current, this.#source.name);
        const keys = standing.keys.filter((key) => key.epoch > epoch);
        return keys.length === standing.keys.length ? null : { current: standing.current, keys };
      }),
    );
    return { recoverableUntil: null };
  }

  close(): void {
    this.#closed = true;
    for (const key of this.#held.values()) key.wipe();
    this.#source.close();
  }

  [inspect.custom](): string {
    return `HeldMasterKeys { from: ${this.#source.name}, keys: ${this.#held.size}, epoch: ${this.current.epoch} }`;
  }

  /** From here on the keys are these; what another process destroyed is wiped here too. */
  #take(set: KeySet): void {
    const held = new Map<string, HeldMasterKey>();
    for (const { epoch, key } of set.keys) {
      const next = new HeldMasterKey(this.#sodium, epoch, key.slice());
      held.set(next.fingerprint, next);
      if (epoch === set.current) this.#current = next;
    }
    wipeKeySet(set);
    for (const key of this.#held.values()) key.wipe();
    this.#held = held;
  }

  #assertOpen(): void {
    if (this.#closed) throw keysClosed();
  }
}
