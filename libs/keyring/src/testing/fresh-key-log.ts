import type { Clock } from '@oubliette/runtime';
import type { HeardAt, KeyLog } from '../key-log.js';
import { KeyLogBehind } from './key-log-behind.js';

/** Another key log that is heard all the time by the clock of the keyring over it, which goes otherwise than the log's. */
export class FreshKeyLog extends KeyLogBehind {
  constructor(
    inner: KeyLog,
    private readonly clock: Clock,
  ) {
    super(inner);
  }

  override heard(partition: number): HeardAt | null {
    if (this.inner.heard(partition) === null) return null;
    return { wall: this.clock.now(), monotonic: this.clock.monotonic() };
  }
}
