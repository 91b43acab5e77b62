import type { Clock } from '@oubliette/runtime';

/** Tells rate and remaining time of something that goes on, from what it was first heard of: what was done before that took no time here. */
export class Pace {
  #first: { readonly at: number; readonly share: number; readonly done: number } | null = null;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** e.g. `1,250/s, 0:40 left`; empty while nothing can be said. `share` from 0 to 1, `done` so many of what is counted. */
  heard(share: number, done: number): string {
    const at = this.clock.monotonic();
    this.#first ??= { at, share, done };
    const first = this.#first;
    const elapsedMs = at - first.at;
    if (elapsedMs <= 0 || done <= first.done) return '';
    const rate = `${Math.round(((done - first.done) * 1000) / elapsedMs).toLocaleString('en-US')}/s`;
    if (share <= first.share || share >= 1) return rate;
    return `${rate}, ${clockText((elapsedMs * (1 - share)) / (share - first.share))} left`;
  }
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
function clockText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
