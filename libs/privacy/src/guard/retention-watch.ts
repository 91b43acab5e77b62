import type { TopicAdmin } from '@oubliette/kafka';
import { Periodic, type Clock } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { assertDurations } from './assert-durations.js';
import { judgeSight, type SightQuestion, type TopicVerdict } from './check-topic.js';
import { spellDuration } from './spell-duration.js';
import { seeTopics, type ClusterView } from './topic-sight.js';
import type { Verdict } from './verdict.js';

/** A topic to be judged again and again, or all those whose names match. */
export interface WatchedTopic {
  readonly matches: (topic: string) => boolean;
  /** Told of the topic as it is judged, since the pace of a nudger goes by the settings. */
  readonly question: (configs: Configs, broker: Configs) => SightQuestion;
}

type Configs = Readonly<Record<string, string>>;

export interface RetentionWatchParts {
  readonly cluster: ClusterView & Pick<TopicAdmin, 'listTopics'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** ms from the end of one look to the next; default 5 min. */
  readonly everyMs?: number;
}

/** The last verdict on a topic, and how old it is: a cluster that does not answer is not refused. */
export interface WatchedVerdict {
  readonly topic: string;
  readonly verdict: Verdict;
  readonly worstCaseMs: number | null;
  readonly reasons: readonly string[];
  /** ms since it was seen. */
  readonly ageMs: number;
}

interface Seen {
  readonly result: TopicVerdict;
  readonly at: number;
}

const usualEveryMs = 300_000;
const gravity: readonly Verdict[] = ['ok', 'warn', 'refuse'];

/**
 * Judges topics again while an application runs, since settings, replicas and brokers change. One look at a time, each a handful of
 * requests. A verdict that becomes worse is said once, and once more when it is better again; while the cluster does not answer,
 * the last verdict stands and grows old.
 */
export class RetentionWatch {
  readonly #everyMs: number;
  #topics: readonly WatchedTopic[] = [];
  #seen = new Map<string, Seen>();
  #firstLook: Promise<void> = Promise.resolve();
  #looks: Periodic | null = null;
  #isSilent = false;
  #closed = false;

  /** Throws PrivacyError GUARD_QUESTION_INVALID for an `everyMs` that is no time. */
  constructor(private readonly parts: RetentionWatchParts) {
    this.#everyMs = parts.everyMs ?? usualEveryMs;
    assertDurations({ everyMs: this.#everyMs });
  }

  /** Looks at these, now and from now on. Never rejects: a look that fails is said in the log. */
  async start(topics: readonly WatchedTopic[]): Promise<void> {
    this.#topics = topics;
    if (topics.length === 0 || this.#closed) return;
    this.#firstLook = this.#look();
    await this.#firstLook;
    if (this.#closed) return;
    this.#looks = new Periodic(this.parts.clock, { everyMs: this.#everyMs }, () => this.#look());
  }

  /** Of the topics that were there at the last look, by name. */
  verdicts(): readonly WatchedVerdict[] {
    const now = this.parts.clock.monotonic();
    return [...this.#seen.values()]
      .map(({ result: { topic, verdict, worstCaseMs, reasons }, at }) => ({
        topic,
        verdict,
        worstCaseMs,
        reasons,
        ageMs: now - at,
      }))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }

  /** No look begins any more. Resolves when one that is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looks?.stop();
    await this.#firstLook;
  }

  async #look(): Promise<void> {
    try {
      const results = await this.#judge();
      const before = this.#seen;
      const at = this.parts.clock.monotonic();
      this.#seen = new Map(results.map((result) => [result.topic, { result, at }]));
      this.#isSilent = false;
      for (const result of results) this.#tell(before.get(result.topic)?.result.verdict ?? null, result);
      for (const topic of before.keys())
        if (!this.#seen.has(topic))
          this.#say('info', 'A topic that the retention guard watched is gone.', { topic });
    } catch (error) {
      // What was seen stands. Said once an outage.
      if (!this.#isSilent)
        this.#say('warn', 'The retention guard cannot look at the cluster; the last verdicts stand.', {
          error: codeOf(error),
        });
      this.#isSilent = true;
    }
  }

  async #judge(): Promise<TopicVerdict[]> {
    const { cluster } = this.parts;
    const names = (await cluster.listTopics()).filter((name) =>
      this.#topics.some(({ matches }) => matches(name)),
    );
    const sights = await seeTopics(cluster, names);
    return sights.map((sight) => {
      const { name, configs } = sight.description;
      const verdicts = this.#topics
        .filter(({ matches }) => matches(name))
        .map(({ question }) => judgeSight(sight, question(configs, sight.brokers[0] ?? {})));
      // Who promises most decides.
      return verdicts.reduce((worst, next) => (isWorse(next.verdict, worst.verdict) ? next : worst));
    });
  }

  /** At the first look, what the guard refuses is said; whoever starts an application was warned of the rest. */
  #tell(before: Verdict | null, { topic, verdict, worstCaseMs, reasons }: TopicVerdict): void {
    const was = before ?? 'warn';
    const fields = {
      topic,
      verdict,
      before,
      worstCase: spellDuration(worstCaseMs ?? Number.POSITIVE_INFINITY),
      reasons: reasons.join(' '),
    };
    if (isWorse(verdict, was))
      this.#say(
        'error',
        'A topic no longer keeps its erasure deadline as the retention guard judges it.',
        fields,
      );
    else if (before !== null && isWorse(was, verdict))
      this.#say('info', 'The retention guard judges a topic better again.', fields);
  }

  #say(level: 'info' | 'warn' | 'error', message: string, fields: Parameters<Logger['info']>[1]): void {
    if (!this.#closed) this.parts.logger[level](message, fields);
  }
}

function isWorse(a: Verdict, b: Verdict): boolean {
  return gravity.indexOf(a) > gravity.indexOf(b);
}
