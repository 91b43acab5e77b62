const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Three months are the longest deadline of the law; who has not answered 400 asks will not answer the next. */
export const MOST_ASKS = 400;

/**
 * When to ask again whoever was asked `asks` times, at `askedAt` the last time: 1 h after the question, a day after it, then daily; and
 * once more when the last day before the deadline begins. null: never. Times in ms since the Unix epoch.
 */
export function nextAskAt(asks: number, askedAt: number, deadline: number): number | null {
  if (asks >= MOST_ASKS) return null;
  const usual = askedAt + (asks <= 1 ? hourMs : asks === 2 ? dayMs - hourMs : dayMs);
  const lastDay = deadline - dayMs;
  return askedAt < lastDay && lastDay < usual ? lastDay : usual;
}
