import { Inject, Injectable } from '@nestjs/common';
import {
  RetentionWatch,
  erasureWays,
  nudgerGapMs,
  readCleanupSettings,
  type WatchedTopic,
  type WatchedVerdict,
} from '@oubliette/privacy';
import { ErasedTopics } from '../boot/erased-topics.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { nestLogger } from '../engine/nest-logger.js';
import { Metrics } from '../metrics/metrics.js';
import { OUBLIETTE_OPTIONS } from '../module/options.js';
import type { OublietteOptions } from '../module/options.js';
import { DEAD_LETTER_SUFFIX, topicMatcher } from '../transport/topic-handler.js';
import type { DeclaredDeadline } from './declared-deadlines.js';

/**
 * The retention guard while the application runs: topics with an `erasureDeadline`, and the key topic, are judged again every few
 * minutes. A worse verdict is a line in the log, a metric, and a health state where it is a refusal; it stops nothing.
 */
@Injectable()
export class RetentionService {
  readonly #watch: RetentionWatch;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    @Inject(OUBLIETTE_OPTIONS) options: OublietteOptions,
    metrics: Metrics,
    private readonly erased: ErasedTopics,
  ) {
    const { retentionGuardEveryMs: everyMs } = options;
    const { admin: cluster, clock } = engine;
    const logger = nestLogger('RetentionGuard');
    this.#watch = new RetentionWatch({ cluster, clock, logger, ...(everyMs !== undefined && { everyMs }) });
    metrics.gauge(
      'oubliette_guard_verdict',
      'The retention guard on a topic: 1 for the verdict that stands.',
      ['topic', 'verdict'],
      (gauge) => {
        gauge.reset();
        for (const { topic, verdict } of this.verdicts())
          for (const one of ['ok', 'warn', 'refuse'])
            gauge.set({ topic, verdict: one }, one === verdict ? 1 : 0);
      },
    );
    metrics.gauge(
      'oubliette_guard_verdict_age_seconds',
      'How long ago the cluster answered the retention guard about a topic.',
      ['topic'],
      (gauge) => {
        gauge.reset();
        for (const { topic, ageMs } of this.verdicts()) gauge.set({ topic }, ageMs / 1_000);
      },
    );
  }

  /** Looks now, and from now on. Never rejects. */
  start(deadlines: readonly DeclaredDeadline[]): Promise<void> {
    const { guardedKeyTopic } = this.engine;
    return this.#watch.start([
      ...deadlines.flatMap((deadline) => this.#watched(deadline)),
      ...(guardedKeyTopic === undefined ? [] : [watchedKeyTopic(guardedKeyTopic)]),
    ]);
  }

  /** The last verdict on each topic that is watched. */
  verdicts(): readonly WatchedVerdict[] {
    return this.#watch.verdicts();
  }

  /** False while the guard refuses a topic: it may keep what should be gone. */
  get keepsDeadlines(): boolean {
    return this.verdicts().every(({ verdict }) => verdict !== 'refuse');
  }

  /** Topics that a regular expression names may end their records in different ways. */
  #watched({ topic, deadlineMs }: DeclaredDeadline): WatchedTopic[] {
    const matches = topicMatcher(topic);
    return erasureWays.map((erasure) => ({
      matches: (name) =>
        matches(name) && !name.endsWith(DEAD_LETTER_SUFFIX) && this.erased.wayOf(name) === erasure,
      question: () => ({ role: 'personal data', deadlineMs, erasure }),
    }));
  }

  /** Resolves when a look under way has ended, which closing the engine ends too. */
  close(): Promise<void> {
    return this.#watch.close();
  }
}

/** Each erasure has a deadline of its own, and an alarm; here it is only asked whether there is a bound at all. */
function watchedKeyTopic(name: string): WatchedTopic {
  return {
    matches: (topic) => topic === name,
    question: (configs, broker) => ({
      role: 'key topic',
      deadlineMs: null,
      use: { gapMs: nudgerGapMs(readCleanupSettings(configs, broker)) },
    }),
  };
}
