export function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The middle one, or the mean of the two in the middle: a turn that the machine disturbed does not move it. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
}

/** The smallest value that at least `share` (0 to 1) of the numbers do not exceed (nearest rank). */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** A row that must not exceed a limit; all in ms, told in the unit that fits. */
export function atMost(what, ms, limitMs, runs) {
  return { what, measured: ms, runs, text: spell(ms), wanted: `≤ ${spell(limitMs)}`, met: ms <= limitMs };
}

export function spell(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}
