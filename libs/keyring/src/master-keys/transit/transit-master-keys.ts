import { inspect } from 'node:util';
import type { Disk } from '@oubliette/runtime';
import { toHex } from '../../hex.js';
import type { Environment } from '../environment-master-keys.js';
import {
  keysClosed,
  masterKeyInUse,
  masterKeyMismatch,
  masterKeyRefused,
  masterKeyUnavailable,
  secretTooLarge,
} from '../master-key-errors.js';
import {
  FINGERPRINT_LABEL,
  MAX_WRAPPED_SECRET_BYTES,
  type Destruction,
  type MasterKeyCall,
  type MasterKeyId,
  type MasterKeys,
} from '../master-keys.js';
import { masterKeyErrors } from '../service-errors.js';
import { TransitComplaint, TransitService } from './transit-service.js';
import type { TransitSettings } from './transit-settings.js';
import { parseTransitKey, type TransitKey } from './transit-key.js';

const FINGERPRINT_INPUT = base64(new TextEncoder().encode(FINGERPRINT_LABEL));
const FINGERPRINT_BYTES = 16;

/** What a Transit service complains of (400), as OpenBao words it. */
const COMPLAINTS = {
  notWhatWasWrapped: /message authentication failed|invalid ciphertext/,
  versionGone: /disallowed by policy|version does not exist|key not found/,
  versionTooOld: /less than the minimum encryption key version/,
};

/**
 * Master keys in a Transit engine: the versions of one key are the epochs, the latest is current. Key bytes never leave the
 * service. Rejects with `MASTER_KEY_SETTING_INVALID`, `MASTER_KEY_REFUSED` (no such key, an unsuitable one, a service that
 * does not bind associated data, no right to it) or `MASTER_KEY_UNAVAILABLE`.
 */
export async function openTransitMasterKeys(
  settings: TransitSettings,
  ports: { readonly disk: Disk; readonly environment: Environment },
  options?: MasterKeyCall,
): Promise<MasterKeys> {
  const service = new TransitService(settings, ports.disk, ports.environment, masterKeyErrors);
  const keys = new TransitMasterKeys(service);
  await keys.keys(options);
  await keys.proveBinding(options);
  return keys;
}

type Answer = Record<string, unknown>;

class TransitMasterKeys implements MasterKeys {
  readonly #service: TransitService;
  /** Versions that unwrap, by epoch; what is known of them never changes. */
  #versions = new Map<number, string>();
  #latest = 0;
  #closed = false;

  constructor(service: TransitService) {
    this.#service = service;
  }

  get current(): MasterKeyId {
    return { epoch: this.#latest, fingerprint: this.#versions.get(this.#latest) ?? '' };
  }

  async keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    await this.#load(options);
    return [...this.#versions].map(([epoch, fingerprint]) => ({ epoch, fingerprint }));
  }

  async wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array> {
    this.#assertOpen();
    if (secret.length > MAX_WRAPPED_SECRET_BYTES) throw secretTooLarge(secret.length);
    const version = this.#latest;
    const plaintext = base64(secret);
    const body = { plaintext, associated_data: base64(context), key_version: version };
    const { versionTooOld } = COMPLAINTS;
    const answer = await this.#call('encrypt/{key}', body, options, [versionTooOld]);
    if (answer instanceof TransitComplaint) {
      await this.#load(options);
      throw masterKeyUnavailable(this.#service.place, 'the epoch was turned meanwhile');
    }
    const { ciphertext } = answer;
    const match = /^vault:v(\d+):([A-Za-z0-9+/]+=*)$/.exec(typeof ciphertext === 'string' ? ciphertext : '');
    if (!match || Number(match[1]) !== version)
      throw masterKeyUnavailable(this.#service.place, 'the answer to a wrap is not of the version asked for');
    return new Uint8Array(Buffer.from(match[2] ?? '', 'base64'));
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    this.#assertOpen();
    let version = this.#versionOf(fingerprint);
    if (version === null) {
      await this.#load(options);
      version = this.#versionOf(fingerprint);
    }
    if (version === null) throw this.#mismatch(fingerprint);
    const ciphertext = `vault:v${version}:${base64(wrapped)}`;
    const body = { ciphertext, associated_data: base64(context) };
    const { notWhatWasWrapped, versionGone } = COMPLAINTS;
    const answer = await this.#call('decrypt/{key}', body, options, [notWhatWasWrapped, versionGone]);
    if (answer instanceof TransitComplaint) {
      if (notWhatWasWrapped.test(answer.complaint)) return null;
      // Another process destroyed the epoch, or the whole key is gone: loading tells which.
      await this.#load(options);
      throw this.#mismatch(fingerprint);
    }
    const { plaintext } = answer;
    return typeof plaintext === 'string' ? new Uint8Array(Buffer.from(plaintext, 'base64')) : null;
  }

  async advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId> {
    await this.#load(options);
    if (this.#latest > from) return this.current;
    await this.#call('keys/{key}/rotate', {}, options);
    await this.#load(options);
    if (this.#latest > from) return this.current;
    throw masterKeyRefused(
      this.#service.place,
      `its latest version is ${this.#latest}, but the deployment has seen ${from}: the service was restored from a copy. Restore the later one`,
    );
  }

  async destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction> {
    const key = await this.#load(options);
    if (epoch >= key.latest) throw masterKeyInUse(epoch, key.latest, this.#service.place);
    const first = epoch + 1;
    // The config may be done and the trim not: a crash came between.
    if (epoch > 0 && key.minAvailable < first) {
      await this.#call(
        'keys/{key}/config',
        {
          min_decryption_version: Math.max(first, key.minDecryption),
          min_encryption_version: Math.max(first, key.minEncryption),
        },
        options,
      );
      await this.#call('keys/{key}/trim', { min_available_version: first }, options);
      await this.#load(options);
    }
    return { recoverableUntil: null };
  }

  /** Wraps and unwraps with another context: a service that knows no associated data ignores it silently. */
  async proveBinding(options?: MasterKeyCall): Promise<void> {
    const probe = Uint8Array.of(1);
    const wrapped = await this.wrap(Uint8Array.of(1), probe, options);
    const { fingerprint } = this.current;
    const bound = (await this.unwrap(fingerprint, Uint8Array.of(1), wrapped, options))?.[0] === 1;
    if (bound && (await this.unwrap(fingerprint, Uint8Array.of(2), wrapped, options)) === null) return;
    throw masterKeyRefused(
      this.#service.place,
      'the service does not bind associated data, so that a secret could be moved. Use OpenBao, or another service that does',
    );
  }

  /** Nothing of the keys is in this process. */
  close(): void {
    this.#closed = true;
  }

  [inspect.custom](): string {
    return `TransitMasterKeys { ${this.#service.place}, epoch: ${this.#latest} }`;
  }

  async #load(options?: MasterKeyCall): Promise<TransitKey> {
    this.#assertOpen();
    const key = parseTransitKey(this.#service.place, await this.#call('keys/{key}', undefined, options));
    const versions = new Map<number, string>();
    for (const version of key.versions) {
      versions.set(version, this.#versions.get(version) ?? (await this.#fingerprint(version, options)));
    }
    this.#versions = versions;
    this.#latest = key.latest;
    return key;
  }

  /** HMAC by the version's own HMAC key: another key of the same name and version has another one. */
  async #fingerprint(version: number, options?: MasterKeyCall): Promise<string> {
    const body = { input: FINGERPRINT_INPUT, key_version: version, algorithm: 'sha2-256' };
    const { hmac } = await this.#call('hmac/{key}', body, options);
    const digits = /^vault:v(\d+):([A-Za-z0-9+/]{43}=)$/.exec(typeof hmac === 'string' ? hmac : '');
    if (!digits || Number(digits[1]) !== version)
      throw masterKeyUnavailable(
        this.#service.place,
        'the answer to an HMAC is not of the version asked for',
      );
    return toHex(new Uint8Array(Buffer.from(digits[2] ?? '', 'base64')).subarray(0, FINGERPRINT_BYTES));
  }

  #call(path: string, body: object | undefined, options: MasterKeyCall | undefined): Promise<Answer>;
  #call(
    path: string,
    body: object | undefined,
    options: MasterKeyCall | undefined,
    expected: readonly RegExp[],
  ): Promise<Answer | TransitComplaint>;
  /** Complaints that were expected are an answer, any other is a refusal. */
  async #call(
    path: string,
    body: object | undefined,
    options: MasterKeyCall | undefined,
    expected: readonly RegExp[] = [],
  ): Promise<Answer | TransitComplaint> {
    try {
      return await this.#service.call(path, body, options?.signal);
    } catch (error) {
      if (!(error instanceof TransitComplaint)) throw error;
      if (expected.some((pattern) => pattern.test(error.complaint))) return error;
      throw masterKeyRefused(this.#service.place, `${error.complaint} for ${error.path}`);
    }
  }

  #versionOf(fingerprint: string): number | null {
    for (const [version, known] of this.#versions) if (known === fingerprint) return version;
    return null;
  }

  #mismatch(fingerprint: string): Error {
    return masterKeyMismatch(fingerprint, this.#service.place, [...this.#versions.values()]);
  }

  #assertOpen(): void {
    if (this.#closed) throw keysClosed();
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
