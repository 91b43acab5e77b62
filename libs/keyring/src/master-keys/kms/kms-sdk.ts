import type { KMSClient } from '@aws-sdk/client-kms';
import { inspect } from 'node:util';
import { KeyringError } from '../../errors.js';
import { masterKeyRefused, masterKeyUnavailable } from '../master-key-errors.js';
import type { KmsApi, KmsKey } from './kms-api.js';
import type { KmsSettings } from './kms-settings.js';

type Sdk = typeof import('@aws-sdk/client-kms');
type Metadata = {
  KeyId?: string | undefined;
  Arn?: string | undefined;
  KeyState?: string | undefined;
  DeletionDate?: Date | undefined;
};

const CONTEXT_NAME = 'oubliette-context';
/** 10,000 aliases. */
const MAX_PAGES = 100;

/** Errors of AWS KMS that no second try overcomes, and what a person can do. */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'the credentials may not do that. Allow what docs/master-keys.md lists in the key policy or in IAM',
  DisabledException: 'the key is disabled. Enable it',
  ExpiredTokenException: 'the credentials have expired. Renew them',
  IncompleteSignature: 'the credentials are not complete. Give others',
  InvalidClientTokenId: 'the credentials are not known. Give others',
  InvalidSignatureException: 'the credentials or the clock are wrong. Look at both',
  KMSInvalidStateException:
    'the key is in a state that allows no use, such as awaiting its deletion. Cancel that',
  NotFoundException: 'there is no such key. Look at the region, the account and the alias',
  UnrecognizedClientException: 'the credentials are not known. Give others',
  CredentialsProviderError: 'the SDK found no credentials. Give some as it expects them',
};

/** Rejects with `MASTER_KEY_SDK_MISSING` when the SDK, an optional peer dependency, is not installed. */
export async function openKmsSdk(settings: KmsSettings): Promise<KmsApi> {
  const sdk = await loadSdk();
  const { region, endpoint } = settings;
  const client = new sdk.KMSClient({
    // Tries are counted in one place: the caller's.
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return new KmsSdk(sdk, client, `AWS KMS (${endpoint ?? region ?? 'region as configured'})`);
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-kms');
  } catch (cause) {
    throw new KeyringError(
      'MASTER_KEY_SDK_MISSING',
      'Master keys in AWS KMS need its SDK: npm install @aws-sdk/client-kms@3.1164.0 (the last for Node 20).',
      { cause },
    );
  }
}

class KmsSdk implements KmsApi {
  readonly place: string;
  readonly #sdk: Sdk;
  readonly #client: KMSClient;

  constructor(sdk: Sdk, client: KMSClient, place: string) {
    this.#sdk = sdk;
    this.#client = client;
    this.place = place;
  }

  async listAliases(prefix: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    let marker: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const command = new this.#sdk.ListAliasesCommand(marker === undefined ? {} : { Marker: marker });
      const answer = await this.#judged(() => this.#client.send(command, abortable(signal)), signal);
      for (const { AliasName: alias, TargetKeyId: keyId } of answer.Aliases ?? [])
        if (alias?.startsWith(prefix) && keyId) found.set(alias, keyId);
      marker = answer.NextMarker;
      if (!marker) return found;
    }
    throw masterKeyRefused(
      this.place,
      `the account has more than ${MAX_PAGES} pages of aliases. Use another`,
    );
  }

  async describeKey(keyId: string, signal?: AbortSignal): Promise<KmsKey> {
    const command = new this.#sdk.DescribeKeyCommand({ KeyId: keyId });
    const answer = await this.#judged(() => this.#client.send(command, abortable(signal)), signal);
    return this.#keyOf(answer.KeyMetadata);
  }

  async createKey(description: string, signal?: AbortSignal): Promise<KmsKey> {
    const command = new this.#sdk.CreateKeyCommand({ Description: description });
    const answer = await this.#judged(() => this.#client.send(command, abortable(signal)), signal);
    return this.#keyOf(answer.KeyMetadata);
  }

  async createAlias(alias: string, keyId: string, signal?: AbortSignal): Promise<boolean> {
    const command = new this.#sdk.CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
    const send = () => this.#client.send(command, abortable(signal));
    return (await this.#judged(send, signal, ['AlreadyExistsException'])) !== null;
  }

  async encrypt(
    arn: string,
    context: string,
    plaintext: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const EncryptionContext = { [CONTEXT_NAME]: context };
    const command = new this.#sdk.EncryptCommand({ KeyId: arn, Plaintext: plaintext, EncryptionContext });
    const answer = await this.#judged(() => this.#client.send(command, abortable(signal)), signal);
    if (answer.CiphertextBlob) return new Uint8Array(answer.CiphertextBlob);
    throw masterKeyUnavailable(this.place, 'the answer has no ciphertext');
  }

  async decrypt(
    arn: string,
    context: string,
    ciphertext: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array | null> {
    // The SDK refuses what is empty before it asks.
    if (ciphertext.length === 0) return null;
    const EncryptionContext = { [CONTEXT_NAME]: context };
    const command = new this.#sdk.DecryptCommand({
      KeyId: arn,
      CiphertextBlob: ciphertext,
      EncryptionContext,
    });
    const send = () => this.#client.send(command, abortable(signal));
    const answer = await this.#judged(send, signal, ['InvalidCiphertextException', 'IncorrectKeyException']);
    if (!answer?.Plaintext) return null;
    const plaintext = new Uint8Array(answer.Plaintext);
    answer.Plaintext.fill(0);
    return plaintext;
  }

  async scheduleDeletion(keyId: string, days: number, signal?: AbortSignal): Promise<void> {
    const command = new this.#sdk.ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: days });
    await this.#judged(() => this.#client.send(command, abortable(signal)), signal);
  }

  close(): void {
    this.#client.destroy();
  }

  [inspect.custom](): string {
    return `KmsSdk { ${this.place} }`;
  }

  #keyOf(metadata: Metadata | undefined): KmsKey {
    const { KeyId: keyId, Arn: arn, KeyState: state, DeletionDate: date } = metadata ?? {};
    if (!keyId || !arn) throw masterKeyUnavailable(this.place, 'the answer names no key');
    const doomed = state === 'PendingDeletion' || state === 'PendingReplicaDeletion';
    return { keyId, arn, deletionAt: doomed ? (date?.getTime() ?? 0) : null };
  }

  async #judged<T>(send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  async #judged<T>(
    send: () => Promise<T>,
    signal: AbortSignal | undefined,
    answers: readonly string[],
  ): Promise<T | null>;
  /**
   * Errors that `answers` names are an answer (null). The SDK's error is not passed on: it holds the request, with its
   * signature.
   */
  async #judged<T>(
    send: () => Promise<T>,
    signal: AbortSignal | undefined,
    answers: readonly string[] = [],
  ): Promise<T | null> {
    try {
      return await send();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const name = nameOf(error);
      if (answers.includes(name)) return null;
      const refusal = REFUSALS[name];
      if (refusal !== undefined) throw masterKeyRefused(this.place, `${name}, ${refusal}`);
      const status = statusOf(error);
      if (status !== null && status >= 400 && status < 500 && !/Throttl|Limit|TooMany|Unavailable/.test(name))
        throw masterKeyRefused(
          this.place,
          `${name} (HTTP ${status}). Look at the settings and at the service`,
        );
      throw masterKeyUnavailable(this.place, status === null ? name : `${name} (HTTP ${status})`);
    }
  }
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** The name of an error of the service or the SDK, the code of one of the network. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  if ('code' in error && typeof error.code === 'string' && /^[A-Z_]+$/.test(error.code)) return error.code;
  return /^\w{1,60}$/.test(error.name) ? error.name : 'no reason given';
}

function statusOf(error: unknown): number | null {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : null;
  const status = (metadata as { httpStatusCode?: unknown } | null)?.httpStatusCode;
  return typeof status === 'number' ? status : null;
}
