import type { Clock } from '@oubliette/runtime';
import { deploymentPartition } from './deployment.js';
import { KeyringError } from './errors.js';
import type { KeyLog } from './key-log.js';
import { momentOf } from './master-keys/longest-time.js';
import type { MasterKeyLease } from './master-keys/master-key-lease.js';

/** Default: how long keys may be used without a word from the key topic, ms. */
export const defaultLeaseMs = 30_000;
/**
 * So long after the deployment was last heard of, no process wraps a key any more, whatever its lease is: a turn of the master-key epoch
 * waits for so long before it drops the old wrapping key (SPEC.md, section 10). ms.
 */
export const wrappingLeaseMs = 30_000;

/**
 * The right to use keys: it lasts for a while after the key topic was last known to be read to its end, since a user may have been
 * forgotten meanwhile. It ends when the wall clock or the monotonic one says so: the monotonic one stops while a machine sleeps, the
 * wall clock may be set back.
 */
export class KeyLease {
  constructor(
    private readonly clock: Clock,
    private readonly log: Pick<KeyLog, 'heard' | 'partitionCount'>,
    private readonly leaseMs: number,
    private readonly masterKey: Pick<MasterKeyLease, 'isHeldAt'>,
  ) {}

  /** Why the keys of this partition may not be used now; null when they may. */
  barred(partition: number): 'store-behind' | 'master-key-unavailable' | null {
    return this.#barred(partition, this.leaseMs);
  }

  #barred(partition: number, leaseMs: number): 'store-behind' | 'master-key-unavailable' | null {
    const now = momentOf(this.clock);
    if (!this.masterKey.isHeldAt(now)) return 'master-key-unavailable';
    const heard = this.log.heard(partition);
    if (heard === null) return 'store-behind';
    const isOver = now.monotonic - heard.monotonic >= leaseMs || now.wall - heard.wall >= leaseMs;
    return isOver ? 'store-behind' : null;
  }

  /** True when no partition is barred: the process is ready. */
  get isHeld(): boolean {
    for (let partition = 0; partition < this.log.partitionCount; partition++) {
      if (this.barred(partition) !== null) return false;
    }
    return true;
  }

  /** Throws `KEYRING_UNAVAILABLE` or `MASTER_KEY_UNAVAILABLE`. */
  assertHeld(partition: number): void {
    this.#assertHeld(partition, this.leaseMs);
  }

  /** True when the deployment was heard of lately enough to wrap keys. */
  get mayWrap(): boolean {
    return this.#barred(deploymentPartition, this.#wrappingLeaseMs) === null;
  }

  /** Throws as `assertHeld` does. */
  assertMayWrap(): void {
    this.#assertHeld(deploymentPartition, this.#wrappingLeaseMs);
  }

  get #wrappingLeaseMs(): number {
    return Math.min(this.leaseMs, wrappingLeaseMs);
  }

  #assertHeld(partition: number, leaseMs: number): void {
    const reason = this.#barred(partition, leaseMs);
    if (reason === null) return;
    if (reason === 'master-key-unavailable') {
      throw new KeyringError(
        'MASTER_KEY_UNAVAILABLE',
        'The master key was out of reach for longer than its outage time: what it gave may not be used. Try again when it answers.',
      );
    }
    throw new KeyringError(
      'KEYRING_UNAVAILABLE',
      `The key topic was not heard of for ${leaseMs} ms: a user may have been forgotten meanwhile. Try again when the brokers answer.`,
    );
  }
}
