import type { Keyring } from '@oubliette/keyring';

const macBytes = 16;

/**
 * Values of records under a MAC of the deployment: 16 bytes of MAC, then JSON. Who can write to the topic cannot make one. `kind` keeps what was
 * said of one thing from being taken for another (SPEC.md of the keyring, section 2).
 */
export class AuthenticValues {
  constructor(
    private readonly keyring: Pick<Keyring, 'authenticate'>,
    private readonly kind: string,
  ) {}

  write(key: Uint8Array, content: unknown): Uint8Array {
    const json = Buffer.from(JSON.stringify(content), 'utf8');
    return Buffer.concat([this.#mac(key, json), json]);
  }

  /** The JSON; null: it was not written by this deployment for this key. */
  read(key: Uint8Array, value: Uint8Array): string | null {
    const json = value.subarray(macBytes);
    if (!Buffer.from(this.#mac(key, json)).equals(value.subarray(0, macBytes))) return null;
    return Buffer.from(json).toString('utf8');
  }

  #mac(key: Uint8Array, json: Uint8Array): Uint8Array {
    const statement = [Buffer.from(`${this.kind}\n`, 'utf8'), key, Buffer.from('\n'), json];
    return this.keyring.authenticate(Buffer.concat(statement));
  }
}
