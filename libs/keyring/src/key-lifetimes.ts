import type { ConfirmedTime } from './confirmed-time.js';
import { endOf } from './key-policy.js';
import type { KeyScope } from './key-scope.js';
import type { UserRef } from './keyring.js';
import type { LogTime } from './log-time.js';
import type { Undertaker } from './undertaker.js';
import type { UserEntry } from './user-entry.js';
import type { UserKey } from './user-key.js';
import type { UserTable } from './user-table.js';

/** Keys whose time is over, by the log's own time: what the wall clock alone says is asked of the log first. */
export class KeyLifetimes {
  constructor(
    private readonly table: Pick<UserTable, 'get' | 'entriesWith'>,
    private readonly time: Pick<LogTime, 'byLog'>,
    private readonly confirmedTime: ConfirmedTime,
    private readonly undertaker: Pick<Undertaker, 'retire'>,
  ) {}

  /** Asks the log for its time where the wall clock alone says that a key of these users ended; without an answer things stay as they are. */
  async seekEnds(users: readonly UserRef[]): Promise<void> {
    const confirmed = this.time.byLog();
    await this.confirmedTime.seek((now) => this.#isAnyEnded(users, confirmed, now));
  }

  /** Overwrites the records of keys whose time is over by the statement of that; resolves to how many. */
  async retireEnded(): Promise<number> {
    const confirmed = this.time.byLog();
    const now = await this.confirmedTime.now((time) => this.#ended(confirmed, time).next().done === false);
    const ended = [...this.#ended(-Infinity, now)].map(({ entry, key }) => {
      return { entry, kid: key.kid, retirement: { ...scopeOf(key), retiredAt: endOf(key) } };
    });
    return this.undertaker.retire(ended);
  }

  /** Keys whose lifetime was not over at one time and is at another. */
  *#ended(before: number, now: number): Generator<{ readonly entry: UserEntry; readonly key: UserKey }> {
    for (const entry of this.table.entriesWith(({ lifetimeSeconds }) => lifetimeSeconds > 0)) {
      for (const key of entry.keys) if (endsBetween(key, before, now)) yield { entry, key };
    }
  }

  /** The same of these users. */
  #isAnyEnded(users: readonly UserRef[], before: number, now: number): boolean {
    return users.some((userRef) =>
      this.table.get(userRef)?.keys.some((key) => endsBetween(key, before, now)),
    );
  }
}

function scopeOf({ lifecycle, purpose, generation }: KeyScope): KeyScope {
  return { lifecycle, purpose, generation };
}

function endsBetween(key: UserKey, before: number, now: number): boolean {
  const end = endOf(key);
  return end > before && end <= now;
}
