/**
 * The keys at the top: what a deployment's secrets are wrapped with. A key file, later a key-management service:
 * asked once at start and once an epoch, never for a single user's key.
 */
export interface MasterKeys {
  /** The key that wraps now. */
  readonly current: MasterKeyId;
  /** Wraps `secret` under the current key, bound to `context`. */
  wrap(context: Uint8Array, secret: Uint8Array): Promise<Uint8Array>;
  /**
   * Undoes `wrap` of the key with this fingerprint. Rejects with `MASTER_KEY_MISMATCH` when it is not among the keys,
   * and resolves to null when the bytes were changed or belong to another context.
   */
  unwrap(fingerprint: string, context: Uint8Array, wrapped: Uint8Array): Promise<Uint8Array | null>;
  /** Wipes what it holds in memory. */
  close(): void;
}

export interface MasterKeyId {
  /** Counts up with every turn of the master key; 1 to 2^32 − 1. */
  readonly epoch: number;
  /** Keyed hash that names the key without giving it away: 32 hex digits. */
  readonly fingerprint: string;
}
