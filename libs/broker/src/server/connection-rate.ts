/** Connections that began in one window of time. */
interface Sample {
  readonly startMs: number;
  lastMs: number;
  count: number;
}

/** The windows that a rate is measured over: quota.window.size.seconds, in ms, and quota.window.num. */
export interface RateWindows {
  readonly windowMs: number;
  readonly samples: number;
}

/**
 * How long new connections are held back so that they come no faster than so many a second: the rules of Kafka's metrics (Rate over a
 * SampledStat) and of QuotaUtils.boundedThrottleTime. Some seconds' worth may come at once, as the rate is one over all windows.
 */
export class ConnectionRate {
  /** The oldest first; at most one more than there are windows. */
  #samples: Sample[] = [];

  constructor(private readonly windows: RateWindows) {}

  /** Counts one that comes at `nowMs`, monotonic; gives the ms that it waits for at most one window, 0 within the rate. */
  record(nowMs: number, maxPerSecond: number): number {
    const { windowMs, samples } = this.windows;
    const newest = this.#samples.at(-1);
    if (newest === undefined || nowMs - newest.startMs >= windowMs) {
      this.#samples.push({ startMs: nowMs, lastMs: nowMs, count: 1 });
    } else {
      newest.count += 1;
      newest.lastMs = nowMs;
    }
    this.#samples = this.#samples.filter(({ lastMs }) => nowMs - lastMs < samples * windowMs);
    const measuredMs = this.#measuredMs(nowMs);
    const rate = this.#samples.reduce((sum, { count }) => sum + count, 0) / (measuredMs / 1000);
    if (rate <= maxPerSecond) return 0;
    return Math.min(Math.round(((rate - maxPerSecond) / maxPerSecond) * measuredMs), windowMs);
  }

  /** What the rate is taken over: never less than all windows but the last, however short the history. */
  #measuredMs(nowMs: number): number {
    const { windowMs, samples } = this.windows;
    const elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs);
    const missing = Math.max(0, samples - 1 - Math.floor(elapsedMs / windowMs));
    return Math.max(elapsedMs + missing * windowMs, 1);
  }
}
