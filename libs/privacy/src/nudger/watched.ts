/** A replica may be away for weeks: of more erasures than this the ledger alone knows it. */
export const mostWatched = 20_000;

/** Drops the oldest of what is done but for a replica that is away, until one more has room. What is not done stays. */
export function makeRoom<Job>(jobs: Map<string, Job>, isWatched: (job: Job) => boolean): void {
  if (jobs.size < mostWatched) return;
  let watched = 0;
  for (const job of jobs.values()) if (isWatched(job)) watched++;
  for (const [id, job] of jobs) {
    if (watched < mostWatched) return;
    if (!isWatched(job)) continue;
    jobs.delete(id);
    watched--;
  }
}
