import type { Destruction, MasterKeyCall, MasterKeyId, MasterKeys } from '../../src/index.js';
import { masterKeyMismatch } from '../../src/master-keys/master-key-errors.js';

/** Master keys that many runs share: what one run destroys is gone for its own processes alone. */
export class RunMasterKeys implements MasterKeys {
  readonly #shared: MasterKeys;
  readonly #destroyed = new Set<string>();

  constructor(shared: MasterKeys) {
    this.#shared = shared;
  }

  get current(): MasterKeyId {
    return this.#shared.current;
  }

  async keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    const all = await this.#shared.keys(options);
    return all.filter(({ fingerprint }) => !this.#destroyed.has(fingerprint));
  }

  wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array> {
    return this.#shared.wrap(context, secret, options);
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    if (this.#destroyed.has(fingerprint)) throw masterKeyMismatch(fingerprint, 'this run', []);
    return this.#shared.unwrap(fingerprint, context, wrapped, options);
  }

  advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId> {
    return this.#shared.advance(from, options);
  }

  async destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction> {
    for (const key of await this.#shared.keys(options)) {
      if (key.epoch <= epoch) this.#destroyed.add(key.fingerprint);
    }
    return { recoverableUntil: null };
  }

  close(): void {}
}
