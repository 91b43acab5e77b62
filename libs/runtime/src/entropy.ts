/** The only source of randomness. */
export interface Entropy {
  /** Overwrites `target` with cryptographically secure random bytes. */
  fill(target: Uint8Array): void;
}
