/** An Ed25519 key that signs, wherever its bytes are. */
export interface SigningKey {
  /** 32 bytes. It stays the same as long as this is open. */
  readonly publicKey: Uint8Array;
  /**
   * 64 bytes: pure Ed25519 (RFC 8032). Rejects with `SIGNING_KEY_UNAVAILABLE` (retriable), `SIGNING_KEY_REFUSED` or `KEYRING_CLOSED`. Nobody has
   * held the signature against the key yet.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Calls under way reject with `KEYRING_CLOSED`. Idempotent. */
  close(): void;
}
