import type { KeyTopicProgress, Logger } from '@oubliette/kafka';
import type { Clock } from '@oubliette/runtime';

const everyMs = 5_000;

/** Says in the log how far the key topic was read, at start or anew: every 5 s at most, and at the end where that took longer. */
export function logsReplay(logger: Pick<Logger, 'info'>, clock: Clock): (progress: KeyTopicProgress) => void {
  let beganAt = clock.monotonic();
  let saidAt = beganAt;
  let isDone = false;
  return ({ read, total }) => {
    const now = clock.monotonic();
    if (isDone) beganAt = saidAt = now;
    isDone = read === total;
    if (isDone ? saidAt === beganAt : now - saidAt < everyMs) return;
    saidAt = now;
    const percent = total === 0n ? 100 : Number((read * 100n) / total);
    const fields = { read: Number(read), total: Number(total), percent, tookMs: Math.round(now - beganAt) };
    logger.info(isDone ? 'The key topic is loaded.' : 'The key topic is being loaded.', fields);
  };
}
