/** The calls of AWS KMS that master keys need (AWS KMS API Reference), with its refusals told apart. */
export interface KmsApi {
  /** For messages: `AWS KMS (eu-central-1)`. */
  readonly place: string;
  /** Key ids by alias, of the aliases that start with `prefix`. */
  listAliases(prefix: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  describeKey(keyId: string, signal?: AbortSignal): Promise<KmsKey>;
  /** A new symmetric key. */
  createKey(description: string, signal?: AbortSignal): Promise<KmsKey>;
  /** False when there is such an alias already. */
  createAlias(alias: string, keyId: string, signal?: AbortSignal): Promise<boolean>;
  encrypt(arn: string, context: string, plaintext: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** null when the ciphertext was changed, or belongs to another key or context. */
  decrypt(
    arn: string,
    context: string,
    ciphertext: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array | null>;
  /** The key is deleted after `days` (7 to 30); until then it does nothing but can be taken back. */
  scheduleDeletion(keyId: string, days: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

export interface KmsKey {
  readonly keyId: string;
  readonly arn: string;
  /** When it will be deleted (ms since the Unix epoch); null when it is not to be. */
  readonly deletionAt: number | null;
}
