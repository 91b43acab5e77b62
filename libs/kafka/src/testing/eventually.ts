import { sleep } from '@oubliette/runtime';
import { clock } from './engine.js';

const pollMs = 20;

/** Resolves when `check` holds; rejects with what it was waiting for when it does not within `timeoutMs`. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  while (!(await check())) {
    if (clock.monotonic() > deadline) throw new Error(`Within ${timeoutMs} ms it did not come to: ${what}`);
    await sleep(clock, pollMs);
  }
}
