import { sleep, type Clock } from '@oubliette/runtime';
import { isRetriable } from './errors.js';

/** Waits double from `initialMs` up to `maxMs`; after `attempts` the last error is the answer. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Runs `attempt` until it succeeds, fails for good, or the policy's attempts are used up. It is told how often it failed before. */
export async function retrying<T>(
  clock: Clock,
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: (failures: number) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt(failures);
    } catch (error) {
      if (failures + 1 >= policy.attempts || !isRetriable(error)) throw error;
    }
    await sleep(clock, Math.min(policy.maxMs, policy.initialMs * 2 ** failures), signal);
  }
}
