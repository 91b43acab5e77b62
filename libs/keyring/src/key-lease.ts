import type { Clock } from '@oubliette/runtime';
import { KeyringError } from './errors.js';
import type { KeyLog } from './key-log.js';
import { momentOf } from './master-keys/longest-time.js';
import type { MasterKeyLease } from './master-keys/master-key-lease.js';

/** Default: how long keys may be used without a word from the key topic, ms. */
export const defaultLeaseMs = 30_000;

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
    const now = momentOf(this.clock);
    if (!this.masterKey.isHeldAt(now)) return 'master-key-unavailable';
    const heard = this.log.heard(partition);
    if (heard === null) return 'store-behind';
    const isOver = now.monotonic - heard.monotonic >= this.leaseMs || now.wall - heard.wall >= this.leaseMs;
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
    const reason = this.barred(partition);
    if (reason === null) return;
    if (reason === 'master-key-unavailable') {
      throw new KeyringError(
        'MASTER_KEY_UNAVAILABLE',
        'The master key was out of reach for longer than its outage time: what it gave may not be used. Try again when it answers.',
      );
    }
    throw new KeyringError(
      'KEYRING_UNAVAILABLE',
      `The key topic was not heard of for ${this.leaseMs} ms: a user may have been forgotten meanwhile. Try again when the brokers answer.`,
    );
  }
}
