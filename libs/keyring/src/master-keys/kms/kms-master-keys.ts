import { inspect } from 'node:util';
import { ByteWriter } from '../../byte-writer.js';
import { KEY_BYTES, loadSodium, MAC_BYTES, type Sodium } from '../../crypto/sodium.js';
import { toHex } from '../../hex.js';
import { isEpoch, MAX_EPOCH } from '../key-set.js';
import {
  keysClosed,
  masterKeyInUse,
  masterKeyMismatch,
  masterKeyRefused,
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
import type { KmsApi, KmsKey } from './kms-api.js';
import { openKmsSdk } from './kms-sdk.js';
import { checkKmsSettings, type KmsSettings } from './kms-settings.js';

const encoder = new TextEncoder();
const FINGERPRINT_KEY = encoder.encode(FINGERPRINT_LABEL);
const CONTEXT_KEY = encoder.encode('oubliette/v1/master-key-context');

/** A key of one epoch. */
interface EpochOfKms extends MasterKeyId, KmsKey {}

/**
 * Master keys in AWS KMS: each epoch a key of its own under the alias `<alias>/epoch-<n>`, the highest is current. Rejects
 * with `MASTER_KEY_SETTING_INVALID`, `MASTER_KEY_SDK_MISSING`, `MASTER_KEY_MISSING` (no such alias), `MASTER_KEY_REFUSED`
 * or `MASTER_KEY_UNAVAILABLE`.
 */
export async function openKmsMasterKeys(settings: KmsSettings, options?: MasterKeyCall): Promise<MasterKeys> {
  checkKmsSettings(settings);
  return openKeysOfKms(await openKmsSdk(settings), settings, options);
}

/** The same over another KmsApi, which it owns from here. */
export async function openKeysOfKms(
  api: KmsApi,
  settings: KmsSettings,
  options?: MasterKeyCall,
): Promise<MasterKeys> {
  try {
    const keys = new KmsMasterKeys(await loadSodium(), api, settings);
    await keys.keys(options);
    return keys;
  } catch (error) {
    api.close();
    throw error;
  }
}

class KmsMasterKeys implements MasterKeys {
  readonly #sodium: Sodium;
  readonly #api: KmsApi;
  readonly #prefix: string;
  readonly #waitDays: number;
  /** All that have an alias, oldest first; those that await deletion too. */
  #epochs: readonly EpochOfKms[] = [];
  #closed = false;

  constructor(sodium: Sodium, api: KmsApi, { alias, deletionWaitDays = 7 }: KmsSettings) {
    this.#sodium = sodium;
    this.#api = api;
    this.#prefix = `${alias}/epoch-`;
    this.#waitDays = deletionWaitDays;
  }

  get current(): MasterKeyId {
    return idOf(this.#latest);
  }

  async keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]> {
    await this.#load(options);
    return this.#epochs.filter(({ deletionAt }) => deletionAt === null).map(idOf);
  }

  async wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array> {
    this.#assertOpen();
    if (secret.length > MAX_WRAPPED_SECRET_BYTES) throw secretTooLarge(secret.length);
    return this.#api.encrypt(this.#latest.arn, this.#contextText(context), secret, options?.signal);
  }

  async unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null> {
    this.#assertOpen();
    if (!this.#find(fingerprint)) await this.#load(options);
    const key = this.#find(fingerprint);
    if (!key) throw this.#mismatch(fingerprint);
    return this.#api.decrypt(key.arn, this.#contextText(context), wrapped, options?.signal);
  }

  async advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId> {
    await this.#load(options);
    if (this.current.epoch > from) return this.current;
    const epoch = Math.max(from, this.current.epoch) + 1;
    if (epoch > MAX_EPOCH) throw new RangeError(`There is no epoch ${epoch}.`);
    const alias = `${this.#prefix}${epoch}`;
    const made = await this.#api.createKey(`Oubliette's master key, ${alias}`, options?.signal);
    const won = await this.#api.createAlias(alias, made.keyId, options?.signal);
    // Another process was first: both use its key, and ours, which wrapped nothing, goes.
    if (!won) await this.#api.scheduleDeletion(made.keyId, this.#waitDays, options?.signal);
    await this.#load(options);
    return this.current;
  }

  async destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction> {
    await this.#load(options);
    if (epoch >= this.current.epoch) throw masterKeyInUse(epoch, this.current.epoch, this.#place);
    const meant = (key: EpochOfKms) => key.epoch <= epoch;
    const living = this.#epochs.filter((key) => meant(key) && key.deletionAt === null);
    for (const { keyId } of living) await this.#api.scheduleDeletion(keyId, this.#waitDays, options?.signal);
    if (living.length > 0) await this.#load(options);
    const ends = this.#epochs.filter(meant).map(({ deletionAt }) => deletionAt ?? 0);
    return { recoverableUntil: ends.length > 0 ? Math.max(...ends) : null };
  }

  close(): void {
    if (!this.#closed) this.#api.close();
    this.#closed = true;
  }

  [inspect.custom](): string {
    return `KmsMasterKeys { ${this.#place}, epoch: ${this.current.epoch} }`;
  }

  get #place(): string {
    return `${this.#prefix}… of ${this.#api.place}`;
  }

  get #latest(): EpochOfKms {
    const latest = this.#epochs.at(-1);
    if (latest) return latest;
    throw masterKeyRefused(
      this.#api.place,
      `there is no alias ${this.#prefix}<n>. Make a symmetric key with the alias ${this.#prefix}1, and keep it`,
    );
  }

  async #load(options?: MasterKeyCall): Promise<void> {
    this.#assertOpen();
    const aliases = await this.#api.listAliases(this.#prefix, options?.signal);
    const epochs: EpochOfKms[] = [];
    for (const [alias, keyId] of aliases) {
      const epoch = Number(alias.slice(this.#prefix.length));
      if (!isEpoch(epoch) || alias !== `${this.#prefix}${epoch}`) continue;
      const key = await this.#api.describeKey(keyId, options?.signal);
      epochs.push({ ...key, epoch, fingerprint: this.#fingerprint(key.arn) });
    }
    this.#epochs = epochs.sort((a, b) => a.epoch - b.epoch);
    this.#refuseMoved();
    // Asked for here, so that opening tells that there is none.
    void this.#latest;
  }

  /** Two epochs of one key: destroying one would destroy the other. */
  #refuseMoved(): void {
    if (new Set(this.#epochs.map(({ arn }) => arn)).size === this.#epochs.length) return;
    throw masterKeyRefused(this.#place, 'two epochs have the same key. Give each alias a key of its own');
  }

  #find(fingerprint: string): EpochOfKms | undefined {
    return this.#epochs.find((key) => key.fingerprint === fingerprint && key.deletionAt === null);
  }

  #mismatch(fingerprint: string): Error {
    const doomed = this.#epochs.find((key) => key.fingerprint === fingerprint);
    const known = this.#epochs.filter(({ deletionAt }) => deletionAt === null);
    const place = doomed
      ? `that key (epoch ${doomed.epoch}) awaits its deletion, which can be cancelled until ${new Date(doomed.deletionAt ?? 0).toISOString()}, and ${this.#place}`
      : this.#place;
    return masterKeyMismatch(
      fingerprint,
      place,
      known.map((key) => key.fingerprint),
    );
  }

  /** SPEC.md: KMS gives no key bytes, so its ARN names the key. */
  #fingerprint(arn: string): string {
    const message = new ByteWriter().text('aws-kms').text(arn).finish();
    return toHex(this.#sodium.mac(FINGERPRINT_KEY, message, MAC_BYTES));
  }

  /** A hash, because an encryption context stands in clear in AWS's logs. */
  #contextText(context: Uint8Array): string {
    return Buffer.from(this.#sodium.mac(CONTEXT_KEY, context, KEY_BYTES)).toString('base64');
  }

  #assertOpen(): void {
    if (this.#closed) throw keysClosed();
  }
}

function idOf({ epoch, fingerprint }: EpochOfKms): MasterKeyId {
  return { epoch, fingerprint };
}
