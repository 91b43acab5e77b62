const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Milliseconds for people: `10 h 54 min`, `14 d 1 h 6 min`, `unbounded` for infinity. */
export function spellDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'unbounded';
  const parts: string[] = [];
  let rest = Math.abs(Math.round(ms));
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0 ms' : `${ms < 0 ? '-' : ''}${parts.join(' ')}`;
}
