import type { Clock } from '@oubliette/runtime';

export interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** What it rejects with after that time. */
  readonly late: () => Error;
  readonly outer: AbortSignal;
}

/**
 * Runs `call` with a signal that aborts at its time limit or with `outer`, and does not wait for a call that ignores it:
 * what such a call gives later goes to `discard`.
 */
export function attempt<T>(
  { clock, timeoutMs, late, outer }: Limits,
  call: (signal: AbortSignal) => Promise<T>,
  discard: (result: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = new AbortController();
    let isWaiting = true;
    const settle = (how: () => void): boolean => {
      if (!isWaiting) return false;
      isWaiting = false;
      timer.cancel();
      outer.removeEventListener('abort', forward);
      how();
      return true;
    };
    const forward = (): void => limit.abort(outer.reason);
    const timer = clock.schedule(timeoutMs, () => limit.abort(late()));
    outer.addEventListener('abort', forward, { once: true });
    limit.signal.addEventListener('abort', () => settle(() => reject(limit.signal.reason as Error)));
    call(limit.signal).then(
      (result) => {
        if (!settle(() => resolve(result))) discard(result);
      },
      // Whoever asked was told of the limit: a late failure has nobody left to tell.
      (error: Error) => void settle(() => reject(error)),
    );
  });
}
