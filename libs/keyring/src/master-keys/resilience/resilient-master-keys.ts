import { inspect } from 'node:util';
import { keysClosed, masterKeyUnavailable } from '../master-key-errors.js';
import type { Destruction, MasterKeyCall, MasterKeyId, MasterKeys } from '../master-keys.js';
import { masterKeyErrors } from '../service-errors.js';
import { Tries, type ResilienceOptions } from './tries.js';

/**
 * Opens master keys that bear their service's outages: a time limit for each call, tries again after jittered waits, and a
 * circuit breaker. Opening is tried likewise. Only `MASTER_KEY_UNAVAILABLE` is tried again.
 */
export async function openResilient(
  open: (call: MasterKeyCall) => Promise<MasterKeys>,
  options: ResilienceOptions,
): Promise<MasterKeys> {
  const tries = new Tries(options, masterKeyErrors);
  const inner = await tries.call(undefined, {
    run: (signal) => open({ signal }),
    discard: (late) => late.close(),
  });
  return new ResilientMasterKeys(inner, tries);
}

class ResilientMasterKeys implements MasterKeys {
  readonly #inner: MasterKeys;
  readonly #tries: Tries;

  constructor(inner: MasterKeys, tries: Tries) {
    this.#inner = inner;
    this.#tries = tries;
  }

  get current(): MasterKeyId {
    return this.#inner.current;
  }

  keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    return this.#tries.call(options?.signal, {
      run: (signal) => this.#inner.keys({ ...options, signal }),
    });
  }

  wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array> {
    const { fingerprint } = this.#inner.current;
    // What was bound to one key must not be wrapped by the next.
    const isMoot = (): boolean => this.#inner.current.fingerprint !== fingerprint;
    return this.#tries.call(options?.signal, {
      run: async (signal) => {
        if (!isMoot()) return this.#inner.wrap(context, secret, { ...options, signal });
        throw masterKeyUnavailable('the master-key service', 'the epoch was turned meanwhile');
      },
      isMoot,
    });
  }

  unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    return this.#tries.call(options?.signal, {
      run: (signal) => this.#inner.unwrap(fingerprint, context, wrapped, { ...options, signal }),
      discard: (late) => late?.fill(0),
    });
  }

  advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId> {
    return this.#tries.call(options?.signal, {
      run: (signal) => this.#inner.advance(from, { ...options, signal }),
    });
  }

  destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction> {
    return this.#tries.call(options?.signal, {
      run: (signal) => this.#inner.destroy(epoch, { ...options, signal }),
    });
  }

  /** Calls under way reject with `KEYRING_CLOSED`. */
  close(): void {
    this.#tries.close(keysClosed());
    this.#inner.close();
  }

  [inspect.custom](): string {
    return `ResilientMasterKeys { of: ${inspect(this.#inner)} }`;
  }
}
