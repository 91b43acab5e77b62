/**
 * One calendar month later, in UTC: the same day and time of the next month, or its last day where it is shorter
 * (GDPR Art. 12(3); Regulation 1182/71 Art. 3(2)(c)). ms since the Unix epoch.
 */
export function oneMonthAfter(ms: number): number {
  const date = new Date(ms);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + 1);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}
