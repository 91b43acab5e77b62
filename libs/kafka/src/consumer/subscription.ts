/** Kafka's own topics are matched by no expression, as in Java's consumer (`exclude.internal.topics`). */
const internalPrefix = '__';

export interface Subscription {
  /** Existing topics that the subscription means, sorted. */
  readonly topics: readonly string[];
  /** Names asked for that do not exist. */
  readonly missing: readonly string[];
}

/** Resolves names and regular expressions against the topics that exist. */
export function resolveSubscription(
  wanted: readonly (string | RegExp)[],
  existing: readonly string[],
): Subscription {
  const there = new Set(existing);
  const topics = new Set<string>();
  const missing = new Set<string>();
  for (const want of wanted) {
    if (typeof want === 'string') (there.has(want) ? topics : missing).add(want);
    else for (const name of matching(want, existing)) topics.add(name);
  }
  return { topics: [...topics].sort(), missing: [...missing].sort() };
}

function matching(expression: RegExp, existing: readonly string[]): string[] {
  // The flags g and y make `test` remember where it stopped.
  const stateless = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ''));
  return existing.filter((name) => !name.startsWith(internalPrefix) && stateless.test(name));
}

/** True when topics can only change by watching: an expression may match later, a missing name may appear. */
export function mayChange(wanted: readonly (string | RegExp)[], subscription: Subscription): boolean {
  return subscription.missing.length > 0 || wanted.some((want) => want instanceof RegExp);
}
