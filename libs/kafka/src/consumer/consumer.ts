import type { Admin, Kafka } from 'kafkajs';
import { sleep, type Clock, type Timer } from '@oubliette/runtime';
import { createKafkajs, supervisedRetryOptions } from '../client/kafkajs-client.js';
import { KafkaClientError, nameOf, translateError } from '../errors.js';
import { silentLogger, type Logger } from '../logger.js';
import type { ConsumerOptions, RecordConsumer } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { backoffMs, BatchHandler } from './batch-handler.js';
import { startSession, type Session } from './session.js';
import { StartPositions } from './start-positions.js';
import { mayChange, resolveSubscription, type Subscription } from './subscription.js';

const defaultConcurrency = 4;
const defaultTopicRefreshMs = 3_000;
const defaultSessionTimeoutMs = 10_000;
const heartbeatsPerSession = 5;
const stableAfterMs = 60_000;
const startTimeoutMs = 30_000;

/** A consumer of a group; it does nothing before `start`. */
export function createConsumer(settings: KafkaSettings, options: ConsumerOptions): RecordConsumer {
  return new SupervisedConsumer(settings, options);
}

/**
 * One loop owns the membership: it resolves the subscription, joins, waits for a reason to look again (time, a crash,
 * closing), and joins anew when the topics have changed, since kafkajs takes no subscription while it runs.
 */
class SupervisedConsumer implements RecordConsumer {
  readonly #options: ConsumerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #handler: BatchHandler;
  readonly #startPositions: StartPositions;
  readonly #sessionTimeoutMs: number;
  #session: Session | null = null;
  /** True from losing the membership, or failing to take it up, until it is taken up. */
  #lost = false;
  #losses = 0;
  #failures = 0;
  #joinedAt = 0;
  #closed = false;
  #positionsNoted = false;
  #announced = '';
  #wake: () => void = () => undefined;
  #supervision: Promise<void> | null = null;

  constructor(settings: KafkaSettings, options: ConsumerOptions) {
    this.#options = options;
    this.#clock = settings.clock;
    this.#logger = settings.logger ?? silentLogger;
    this.#kafka = createKafkajs(settings, supervisedRetryOptions);
    this.#admin = this.#kafka.admin();
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? defaultSessionTimeoutMs;
    this.#startPositions = new StartPositions(options.groupId, this.#logger);
    this.#handler = new BatchHandler({
      groupId: options.groupId,
      onBatch: options.onBatch,
      onCommitted: (topic, partition) => this.#startPositions.committed(topic, partition),
      heartbeatMs: this.#heartbeatMs,
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  get running(): boolean {
    return this.#supervision !== null && !this.#closed && !this.#lost;
  }

  async start(): Promise<void> {
    if (this.#closed)
      throw new KafkaClientError('CONSUMER_CLOSED', 'The consumer is closed: create a new one to consume.');
    if (this.#supervision !== null)
      throw new KafkaClientError('CONSUMER_STARTED', 'The consumer was started already: start it once.');
    const subscription = await this.#firstJoin();
    this.#supervision = this.#supervise(subscription);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#wake();
    }
    await this.#supervision;
    await this.#leave();
    this.#handler.close();
    await this.#startPositions.settled();
    await this.#admin.disconnect();
  }

  get #heartbeatMs(): number {
    return Math.floor(this.#sessionTimeoutMs / heartbeatsPerSession);
  }

  /** A coordinator that is still loading after its own start refuses members, which kafkajs does not sit out. */
  async #firstJoin(): Promise<Subscription> {
    const deadline = this.#clock.monotonic() + startTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#admin.connect();
        return await this.#refresh();
      } catch (error) {
        const failure = translateError(error, `Starting the consumer of group ${this.#options.groupId}`);
        if (!failure.retriable || this.#closed || this.#clock.monotonic() > deadline) {
          await this.close();
          throw failure;
        }
        await sleep(this.#clock, backoffMs(attempt));
      }
    }
  }

  /** Never rejects: what fails after the start is tried again, for ever, with growing pauses. */
  async #supervise(subscription: Subscription): Promise<void> {
    let current = subscription;
    while (!this.#closed) {
      await this.#pause(current);
      if (this.#closed) return;
      try {
        current = await this.#refresh();
      } catch (error) {
        this.#fail('A consumer could not join its group and tries again', error);
      }
    }
  }

  #fail(message: string, error: unknown): void {
    this.#failures += 1;
    this.#logger.warn(message, {
      groupId: this.#options.groupId,
      failures: this.#failures,
      retryInMs: backoffMs(this.#failures),
      error: nameOf(error),
    });
  }

  /** Waits for the time to look again, a crash or closing. */
  #pause(subscription: Subscription): Promise<void> {
    const refreshMs = this.#options.topicRefreshMs ?? defaultTopicRefreshMs;
    const watching = mayChange(this.#options.topics, subscription);
    return new Promise((resolve) => {
      let timer: Timer | null = null;
      const wait = (): void => {
        timer?.cancel();
        timer = null;
        if (this.#closed) resolve();
        else if (!this.running) timer = this.#clock.schedule(backoffMs(this.#failures), resolve);
        else if (watching) timer = this.#clock.schedule(refreshMs, resolve);
      };
      this.#wake = wait;
      wait();
    });
  }

  /** Looks at the topics that exist and joins when the session does not fit them. */
  async #refresh(): Promise<Subscription> {
    const subscription = resolveSubscription(this.#options.topics, await this.#admin.listTopics());
    this.#announce(subscription);
    if (!this.#lost && sameTopics(this.#session?.topics ?? [], subscription.topics)) return subscription;
    // What throws below leaves no membership behind.
    this.#lost = true;
    await this.#leave();
    await this.#notePositions(subscription);
    const losses = this.#losses;
    if (subscription.topics.length > 0) this.#session = await this.#join(subscription.topics);
    this.#lost = this.#losses > losses;
    return subscription;
  }

  async #join(topics: readonly string[]): Promise<Session> {
    const session = await startSession({
      kafka: this.#kafka,
      groupId: this.#options.groupId,
      topics,
      handler: this.#handler,
      startPositions: this.#startPositions,
      concurrency: this.#options.concurrency ?? defaultConcurrency,
      heartbeatMs: this.#heartbeatMs,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      onCrash: (error) => {
        this.#lost = true;
        // Only a membership that has lasted ends a row of failures: time alone passes in an outage too.
        if (this.#clock.monotonic() - this.#joinedAt > stableAfterMs) this.#failures = 0;
        this.#losses += 1;
        this.#fail('A consumer lost its group and joins again', error);
        this.#wake();
      },
    });
    this.#joinedAt = this.#clock.monotonic();
    return session;
  }

  async #leave(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.stop();
  }

  // Once: a topic that appears later is read from its first record.
  async #notePositions(subscription: Subscription): Promise<void> {
    if (this.#positionsNoted) return;
    if (this.#options.fromBeginning !== true)
      await this.#startPositions.note(this.#admin, subscription.topics);
    this.#positionsNoted = true;
  }

  #announce({ topics, missing }: Subscription): void {
    const announced = `${topics.join(',')};${missing.join(',')}`;
    if (announced === this.#announced) return;
    this.#announced = announced;
    const { groupId } = this.#options;
    this.#logger.info('A consumer subscribes', { groupId, topics: topics.join(', ') });
    if (missing.length > 0)
      this.#logger.warn('A consumer waits for topics that do not exist yet', {
        groupId,
        topics: missing.join(', '),
      });
  }
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((topic, index) => topic === b[index]);
}
