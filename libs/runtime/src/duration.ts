import { DurationError } from './errors.js';

const unitMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Reads `500ms`, `30s`, `5m`, `12h` or `7d` as milliseconds. Throws DurationError (DURATION_INVALID). */
export function parseDuration(text: string): number {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text.trim());
  const ms = match ? Number(match[1]) * (unitMs.get(match[2] ?? '') ?? NaN) : NaN;
  if (!Number.isSafeInteger(ms)) throw new DurationError(text);
  return ms;
}

/** Writes whole milliseconds in the largest unit that keeps them exact: 90_000 → `90s`, 3_600_000 → `1h`. */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new DurationError(String(ms));
  if (ms === 0) return '0ms';
  const fitting = [...unitMs].filter(([, size]) => ms % size === 0).at(-1);
  return fitting ? `${ms / fitting[1]}${fitting[0]}` : `${ms}ms`;
}
