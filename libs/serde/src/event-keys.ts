import type { Keyring, UserRef } from '@oubliette/keyring';
import { codeOf } from './errors.js';
import type { EventShape } from './event-shape.js';
import { valueAt } from './event-shape.js';

/** An event on its way to be encrypted. */
export interface OwnedEvent {
  readonly shape: EventShape;
  readonly value: object;
  readonly eventId: string;
  /** The record's key where the event is of nobody. */
  readonly key: Uint8Array | undefined;
  /** null: of nobody. */
  readonly userRef: UserRef | null;
  /** What tells the record apart from others of its user; null: nothing does. */
  readonly recordName: string | null;
}

/** The users of whom something is to be encrypted, by purpose; under undefined what is kept for none. */
type Needed = Map<string | undefined, Set<UserRef>>;

/** Sees to the keys that a batch of events is encrypted with, and says what is left out of an event. */
export class EventKeys {
  constructor(private readonly keyring: Keyring) {}

  /** True when `ensure` would find nothing to do, so that nothing need be waited for. False also where that takes a closer look. */
  areAtHand(events: readonly OwnedEvent[]): boolean {
    let last: UserRef | null = null;
    for (const { shape, userRef } of events) {
      if (userRef === null || userRef === last) continue;
      if (shape.purposes.size > 0 || !this.keyring.hasKey(userRef)) return false;
      last = userRef;
    }
    return true;
  }

  /** Rejects with `USER_FORGOTTEN`, `PURPOSE_WITHDRAWN`, `KEYRING_UNAVAILABLE` or `MASTER_KEY_UNAVAILABLE`. */
  async ensure(events: readonly OwnedEvent[]): Promise<void> {
    const needed = this.#neededFor(events);
    const outcomes = await Promise.allSettled(
      [...needed].map(([purpose, users]) => this.keyring.ensureKeys(users, purpose)),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      const isWithdrawn = codeOf(outcome.reason) === 'PURPOSE_WITHDRAWN';
      // Who has only now withdrawn what may be left out holds up nobody; each time there are fewer of them.
      if (isWithdrawn && sizeOf(this.#neededFor(events)) < sizeOf(needed)) return this.ensure(events);
      throw outcome.reason;
    }
  }

  /** The paths that are left out of what is written for this user now. */
  omitted({ purposes }: EventShape, userRef: UserRef): string[] {
    const paths: string[] = [];
    for (const [path, { purpose, whenWithdrawn }] of purposes) {
      if (whenWithdrawn === 'omit' && this.keyring.isWithdrawn(userRef, purpose)) paths.push(path);
    }
    return paths;
  }

  #neededFor(events: readonly OwnedEvent[]): Needed {
    const needed: Needed = new Map();
    for (const { shape, value, userRef } of events) {
      if (userRef === null) continue;
      add(needed, undefined, userRef);
      if (shape.purposes.size === 0) continue;
      const omitted = this.omitted(shape, userRef);
      for (const [path, { purpose }] of shape.purposes) {
        if (!omitted.includes(path) && valueAt(value, path) !== undefined) add(needed, purpose, userRef);
      }
    }
    return needed;
  }
}

function add(needed: Needed, purpose: string | undefined, userRef: UserRef): void {
  const users = needed.get(purpose);
  if (users === undefined) needed.set(purpose, new Set([userRef]));
  else users.add(userRef);
}

function sizeOf(needed: Needed): number {
  let size = 0;
  for (const users of needed.values()) size += users.size;
  return size;
}
