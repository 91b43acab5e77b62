import { SeededEntropy } from '@oubliette/runtime/testing';
import { loadSodium } from '../crypto/sodium.js';
import { HeldMasterKeys, type KeySource } from '../master-keys/held-master-keys.js';
import { firstKeys, wipeKeySet, type KeySet } from '../master-keys/key-set.js';
import { masterKeyRefused, masterKeyUnavailable } from '../master-keys/master-key-errors.js';
import type { Destruction, MasterKeyCall, MasterKeyId, MasterKeys } from '../master-keys/master-keys.js';

const PLACE = 'the master-key service in memory';

/** A master-key service in memory that can be down, refuse, or answer late; its keys are shared by all that open it. */
export class InMemoryMasterKeyService {
  readonly #entropy: SeededEntropy;
  readonly #place: InMemoryPlace;
  /** How calls end while it is not `up`. A service that hangs answers when it is `up` again. */
  #state: 'up' | 'down' | 'refusing' | 'hanging' = 'up';
  #waiting: (() => void)[] = [];
  /** Calls that reached it. */
  calls = 0;
  /** What it says of destroyed keys: as a service that takes its time over that (ms since the Unix epoch); null: they are gone. */
  recoverableUntil: number | null = null;

  /** The same seed gives the same first key. */
  constructor(seed = 1) {
    this.#entropy = new SeededEntropy(seed);
    this.#place = new InMemoryPlace(firstKeys(this.#entropy));
  }

  get state(): 'up' | 'down' | 'refusing' | 'hanging' {
    return this.#state;
  }

  set state(state: 'up' | 'down' | 'refusing' | 'hanging') {
    this.#state = state;
    if (state === 'hanging') return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** The keys as another process would hold them. */
  async open(): Promise<MasterKeys> {
    const held = new HeldMasterKeys(await loadSodium(), this.#entropy, this.#place);
    return new ServedMasterKeys(held, this, () => this.#enter());
  }

  async #enter(): Promise<void> {
    this.calls++;
    if (this.#state === 'hanging') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#state === 'down') throw masterKeyUnavailable(PLACE, 'it is down');
    if (this.#state === 'refusing') throw masterKeyRefused(PLACE, 'the test says so');
  }
}

class InMemoryPlace implements KeySource {
  readonly name = PLACE;
  #set: KeySet;

  constructor(set: KeySet) {
    this.#set = set;
  }

  read(): KeySet {
    return copyOf(this.#set);
  }

  change(edit: (standing: KeySet) => KeySet | null): KeySet {
    const next = edit(this.read());
    if (next) {
      wipeKeySet(this.#set);
      this.#set = next;
    }
    return this.read();
  }

  close(): void {}
}

function copyOf({ current, keys }: KeySet): KeySet {
  return { current, keys: keys.map(({ epoch, key }) => ({ epoch, key: key.slice() })) };
}

class ServedMasterKeys implements MasterKeys {
  readonly #held: MasterKeys;
  readonly #service: Pick<InMemoryMasterKeyService, 'recoverableUntil'>;
  readonly #enter: () => Promise<void>;

  constructor(
    held: MasterKeys,
    service: Pick<InMemoryMasterKeyService, 'recoverableUntil'>,
    enter: () => Promise<void>,
  ) {
    this.#held = held;
    this.#service = service;
    this.#enter = enter;
  }

  get current(): MasterKeyId {
    return this.#held.current;
  }

  async keys(_options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    await this.#enter();
    return this.#held.keys();
  }

  async wrap(context: Uint8Array, secret: Uint8Array, _options?: MasterKeyCall): Promise<Uint8Array> {
    await this.#enter();
    return this.#held.wrap(context, secret);
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    await this.#enter();
    return this.#held.unwrap(fingerprint, context, wrapped, options);
  }

  async advance(from: number, _options?: MasterKeyCall): Promise<MasterKeyId> {
    await this.#enter();
    return this.#held.advance(from);
  }

  async destroy(epoch: number, _options?: MasterKeyCall): Promise<Destruction> {
    await this.#enter();
    await this.#held.destroy(epoch);
    return { recoverableUntil: this.#service.recoverableUntil };
  }

  close(): void {
    this.#held.close();
  }
}
