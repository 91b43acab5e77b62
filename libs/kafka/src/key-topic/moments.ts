import type { HeardAt } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';

/** Now, on both clocks. */
export function momentOf(clock: Clock): HeardAt {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * The time between two moments, ms, by the clock that says more: the monotonic one stops while the machine sleeps, the wall
 * clock may have been set back meanwhile.
 */
export function elapsedMs(since: HeardAt, now: HeardAt): number {
  return Math.max(now.wall - since.wall, now.monotonic - since.monotonic);
}
