import { inspect } from 'node:util';
import type { Clock, Disk, Entropy } from '@oubliette/runtime';
import type { Environment } from '../master-keys/environment-master-keys.js';
import { Tries, type ResilienceOptions } from '../master-keys/resilience/tries.js';
import { TransitComplaint, TransitService } from '../master-keys/transit/transit-service.js';
import type { TransitSettings } from '../master-keys/transit/transit-settings.js';
import { signingKeyClosed, signingKeyErrors } from './signing-key-errors.js';
import type { SigningKey } from './signing-key.js';
import { parseTransitSigner, type TransitSigner } from './transit-signer.js';

export interface SigningKeyPorts {
  readonly disk: Disk;
  readonly entropy: Entropy;
  readonly clock: Clock;
  /** `process.env`. */
  readonly environment: Environment;
}

/** How a service is asked: time limits, tries. */
export type SigningKeyServiceOptions = Omit<ResilienceOptions, 'clock' | 'entropy'>;

/**
 * A key of type `ed25519` in a Transit engine, in its latest version at this moment; who wants a later one opens it again. Its bytes never
 * leave the service. Rejects with `SIGNING_KEY_SETTING_INVALID`, `SIGNING_KEY_REFUSED` (no such key, an unsuitable one, no right to it) or,
 * after all tries, `SIGNING_KEY_UNAVAILABLE`.
 */
export async function openTransitSigningKey(
  settings: TransitSettings,
  { disk, environment, clock, entropy }: SigningKeyPorts,
  options: SigningKeyServiceOptions = {},
): Promise<SigningKey> {
  const service = new TransitService(settings, disk, environment, signingKeyErrors);
  const tries = new Tries({ ...options, clock, entropy }, signingKeyErrors);
  const read = async (signal: AbortSignal) => ask(service, 'keys/{key}', undefined, signal);
  const signer = parseTransitSigner(service.place, await tries.call(undefined, { run: read }));
  return new TransitSigningKey(service, tries, signer);
}

class TransitSigningKey implements SigningKey {
  readonly #service: TransitService;
  readonly #tries: Tries;
  readonly #signer: TransitSigner;

  constructor(service: TransitService, tries: Tries, signer: TransitSigner) {
    this.#service = service;
    this.#tries = tries;
    this.#signer = signer;
  }

  get publicKey(): Uint8Array {
    return this.#signer.publicKey.slice();
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    const body = { input: base64(message), key_version: this.#signer.version };
    return this.#tries.call(undefined, {
      run: async (signal) => this.#signatureOf(await ask(this.#service, 'sign/{key}', body, signal)),
    });
  }

  close(): void {
    this.#tries.close(signingKeyClosed());
  }

  [inspect.custom](): string {
    return `TransitSigningKey { ${this.#service.place}, version: ${this.#signer.version} }`;
  }

  #signatureOf({ signature }: Record<string, unknown>): Uint8Array {
    const text = typeof signature === 'string' ? signature : '';
    const match = /^vault:v(\d+):([A-Za-z0-9+/]{86}==)$/.exec(text);
    if (match && Number(match[1]) === this.#signer.version)
      return new Uint8Array(Buffer.from(match[2] ?? '', 'base64'));
    throw signingKeyErrors.unavailable(
      this.#service.place,
      'the answer is no Ed25519 signature of the version asked for',
    );
  }
}

async function ask(
  service: TransitService,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  try {
    return await service.call(path, body, signal);
  } catch (error) {
    if (!(error instanceof TransitComplaint)) throw error;
    // What OpenBao says of a version below min_encryption_version, and of one that a key made anew does not have.
    const isGone = /less than the minimum encryption key version|higher than the latest/.test(
      error.complaint,
    );
    const advice = isGone ? '. Its versions were changed: start the application again' : '';
    throw signingKeyErrors.refused(service.place, `${error.complaint} for ${error.path}${advice}`);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
