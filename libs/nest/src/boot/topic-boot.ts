import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { TopicSpec } from '@oubliette/kafka';
import { checkTopics } from '@oubliette/privacy';
import type { TopicVerdict } from '@oubliette/privacy';
import { eventInfoOf } from '../decorators/encrypted-event.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import type { FeatureTopic } from '../module/options.js';
import { OublietteError } from '../errors.js';
import { declaredDeadlines, type DeclaredDeadline } from '../retention/declared-deadlines.js';
import { RetentionService } from '../retention/retention.service.js';
import { ErasedTopics } from './erased-topics.js';
import { FeatureRegistry } from './feature-registry.js';
import { withPlanned, type TopicView } from './planned-topics.js';
import { DEAD_LETTER_SUFFIX, topicMatcher } from '../transport/topic-handler.js';

/**
 * At bootstrap: refuses to go on where a topic cannot keep the `erasureDeadline` of a handler, or does not end records in the way that is
 * declared of it, with what to change; then makes the declared topics, which were judged as they would be. A refused start has made none.
 * Runs before anything is consumed, hands on what is to be judged again from then on, and lets forgetting begin.
 */
@Injectable()
export class TopicBoot implements OnApplicationBootstrap {
  readonly #logger = new Logger(TopicBoot.name);

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly retention: RetentionService,
    private readonly erased: ErasedTopics,
    @Optional() private readonly features: FeatureRegistry = new FeatureRegistry(),
  ) {}

  /** Rejects with `TOPIC_MISSING`, `TOPIC_REFUSED`, `EVENT_CLASS_INVALID`, `HANDLER_INVALID`. */
  async onApplicationBootstrap(): Promise<void> {
    const features = this.features.all();
    for (const { events } of features)
      for (const eventClass of events ?? []) {
        const info = eventInfoOf(eventClass);
        this.erased.assertPublishable(info, info.topic);
      }
    const promises = this.#promises(declaredDeadlines(this.discovery, this.scanner));
    const declared = features.flatMap(({ topics }) => topics ?? []).map(specOf);
    const { admin } = this.engine;
    const toMake = declared.length === 0 ? [] : missingOf(declared, await admin.listTopics());
    await this.#guard(promises, withPlanned(admin, toMake));
    const overtaken: string[] = [];
    for (const topic of toMake) if (!(await admin.createTopic(topic))) overtaken.push(topic.name);
    // Another process made these meanwhile, with settings of its own perhaps.
    await this.#guard(
      promises.filter(({ topic }) => overtaken.some(topicMatcher(topic))),
      admin,
    );
    await this.retention.start(promises);
    await this.engine.forgetting.begin(this.erased.all());
  }

  /** What handlers promise, and what is declared of topics that no handler names a deadline of. */
  #promises(deadlines: readonly DeclaredDeadline[]): DeclaredDeadline[] {
    const undated = this.erased
      .all()
      .filter(({ topic }) => !deadlines.some((deadline) => deadline.topic === topic))
      .map(({ topic, way }) => ({ place: `erasure '${way}'`, topic, deadlineMs: null }));
    return [...deadlines, ...undated];
  }

  async #guard(deadlines: readonly DeclaredDeadline[], cluster: TopicView): Promise<void> {
    if (deadlines.length === 0) return;
    const existing = (await cluster.listTopics()).filter((topic) => !topic.endsWith(DEAD_LETTER_SUFFIX));
    const refusals: string[] = [];
    for (const deadline of deadlines) {
      const { topic, deadlineMs } = deadline;
      const names = existing.filter(topicMatcher(topic));
      if (names.length === 0 && typeof topic === 'string') throw missing(deadline, topic);
      const verdicts = await checkTopics(cluster, names, (name) => ({
        role: 'personal data',
        deadlineMs,
        erasure: this.erased.wayOf(name),
      }));
      for (const verdict of verdicts) {
        if (verdict.verdict === 'refuse') refusals.push(refusalOf(deadline, verdict));
        else if (verdict.verdict === 'warn')
          this.#logger.warn(`${verdict.topic}: ${verdict.reasons.join(' ')}`);
      }
    }
    if (refusals.length > 0) throw new OublietteError('TOPIC_REFUSED', refusals.join('\n'));
  }
}

/** Declared and not there, the first declaration of each. */
function missingOf(declared: readonly TopicSpec[], existing: readonly string[]): TopicSpec[] {
  const known = new Set(existing);
  return declared.filter(({ name }) => !known.has(name) && known.add(name));
}

function missing({ place, deadlineMs }: DeclaredDeadline, topic: string): OublietteError {
  const declared = deadlineMs === null ? 'is declared' : 'promises an erasureDeadline';
  return new OublietteError(
    'TOPIC_MISSING',
    `${place} ${declared} for topic ${topic}, which does not exist. Create it with settings that fit, or declare it with ` +
      'OublietteModule.forFeature({ topics: [ … ] }).',
  );
}

function refusalOf({ place, deadlineMs }: DeclaredDeadline, { topic, reasons }: TopicVerdict): string {
  const [fault, otherwise] =
    deadlineMs === null
      ? ['has no bound for it', 'declare another erasure']
      : ['cannot meet its erasureDeadline', 'leave erasureDeadline out'];
  return (
    `${place}: topic ${topic} ${fault}. ${reasons.join(' ')} ` +
    `Change the topic (forFeature leaves one that exists as it is), or ${otherwise}.`
  );
}

/** What Kafka is to make of it. */
function specOf({ erasure: _, ...spec }: FeatureTopic): TopicSpec {
  return spec;
}
