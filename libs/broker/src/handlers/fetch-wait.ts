import type { DelayedQueue } from '../server/delayed-queue.js';
import type { FetchPass, Isolation, SeenLog } from './fetch-read.js';

/** What became readable of one partition since it was looked at. */
class Watched {
  #arrived = 0;

  constructor(
    readonly seen: SeenLog,
    private readonly isolation: Isolation,
  ) {}

  /** Whether a read would give more now. */
  get hasMoved(): boolean {
    const { log, highWatermark, lastStableOffset } = this.seen;
    // Behind an open transaction what arrives cannot be read.
    return this.isolation === 'committed'
      ? log.lastStableOffset > lastStableOffset
      : log.highWatermark > highWatermark;
  }

  /** Takes account of bytes that were appended; returns how many more a read would give for it. */
  add(bytes: number): number {
    const before = this.#readable;
    this.#arrived += bytes;
    return this.#readable - before;
  }

  get #readable(): number {
    const { maxBytes, bytes } = this.seen;
    return this.hasMoved ? Math.max(0, Math.min(this.#arrived, maxBytes - bytes)) : 0;
  }
}

/**
 * Waits until so many more bytes can be read than the pass found, or the time is over, or the client is gone. An append counts its
 * bytes only: nothing is read again before there is enough (Kafka's DelayedFetch). Resolves to whether another pass is worth it.
 */
export async function waitForBytes(
  { seen }: FetchPass,
  missingBytes: number,
  maxWaitMs: number,
  isolation: Isolation,
  delayed: DelayedQueue,
  gone: AbortSignal,
): Promise<boolean> {
  const watched = seen.map((log) => new Watched(log, isolation));
  let readable = 0;
  await delayed.wait(maxWaitMs, (wake) => {
    const undo = watched.map((partition) =>
      partition.seen.log.onAppend((bytes) => {
        readable += partition.add(bytes);
        if (readable >= missingBytes) wake();
      }),
    );
    // What was published between the look and the subscription was counted by nobody.
    if (watched.some((partition) => partition.hasMoved)) wake();
    gone.addEventListener('abort', wake);
    if (gone.aborted) wake();
    return () => {
      gone.removeEventListener('abort', wake);
      for (const unsubscribe of undo) unsubscribe();
    };
  });
  return !gone.aborted && watched.some((partition) => partition.hasMoved);
}
