/**
 * The keys at the top: what a deployment's secrets are wrapped with. A key file, the environment or a key-management
 * service: asked once at start, now and then to confirm, and once an epoch; never for a single user's key.
 *
 * Every call may reject with `MASTER_KEY_UNAVAILABLE` (retriable: nobody answered), `MASTER_KEY_REFUSED` (somebody answered
 * no: a person has to act) or `KEYRING_CLOSED`.
 */
export interface MasterKeys {
  /**
   * The key that wraps now, as far as this process knows. It changes by `advance`, and when a call finds that another
   * process advanced.
   */
  readonly current: MasterKeyId;
  /** All keys that unwrap at this moment, oldest first: the file is read again, the service asked. */
  keys(options?: MasterKeyCall): Promise<readonly MasterKeyId[]>;
  /** Wraps up to 4,096 bytes under the key that is current when the call is made, bound to `context`. */
  wrap(context: Uint8Array, secret: Uint8Array, options?: MasterKeyCall): Promise<Uint8Array>;
  /**
   * Undoes `wrap` of the key with this fingerprint. When that key is not known the file is read again, or the service
   * asked: another process may have advanced. Rejects with `MASTER_KEY_MISMATCH` when it is still not among the keys, and
   * resolves to null when the bytes were changed or belong to another context. The caller wipes the result.
   */
  unwrap(
    fingerprint: string,
    context: Uint8Array,
    wrapped: Uint8Array,
    options?: MasterKeyCall,
  ): Promise<Uint8Array | null>;
  /**
   * Makes sure that a key of a later epoch than `from` is current, keeping the older ones, and resolves to it. Nothing
   * happens when there is one already: so the same call is safe after a crash, and from two processes at once.
   * Rejects with `MASTER_KEY_FIXED` where keys come with the deployment only.
   */
  advance(from: number, options?: MasterKeyCall): Promise<MasterKeyId>;
  /**
   * Destroys the keys of `epoch` and of all before it, for good: what they wrapped is lost. Again: nothing happens.
   * Rejects with `MASTER_KEY_IN_USE` when that would take the current key, `MASTER_KEY_FIXED` as `advance` does.
   */
  destroy(epoch: number, options?: MasterKeyCall): Promise<Destruction>;
  /** Wipes what it holds in memory. Idempotent. */
  close(): void;
}

export interface MasterKeyId {
  /** Counts up with every turn of the master key; 1 to 2^32 − 1. */
  readonly epoch: number;
  /** Names the key without giving it away: 32 hex digits (SPEC.md). */
  readonly fingerprint: string;
}

export interface MasterKeyCall {
  /** Gives up waiting for a service; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Ask the keys themselves, whatever was cached on the way. */
  readonly fresh?: boolean;
}

export interface Destruction {
  /** Until then (ms since the Unix epoch) the service's operator can still take the keys back; null: gone now. */
  readonly recoverableUntil: number | null;
}

/** More than any deployment's secrets take; what AWS KMS encrypts directly. */
export const MAX_WRAPPED_SECRET_BYTES = 4096;

/** What fingerprints of master keys are made with (SPEC.md, section 1). */
export const FINGERPRINT_LABEL = 'oubliette/v1/master-key-fingerprint';
