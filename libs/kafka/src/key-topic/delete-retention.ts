import type { HeardAt } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { nameOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { KeyTopicSettings, TopicAdmin } from '../ports.js';
import { elapsedMs, momentOf } from './moments.js';

const askAgainMs = 600_000;

export interface DeleteRetentionOptions {
  readonly keyTopic: KeyTopicSettings;
  readonly admin: TopicAdmin;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * How long tombstones of the key topic stand at least (`delete.retention.ms`), ms. Asked of the cluster when opened and every
 * ten minutes from then on; the smallest that was declared or heard counts as long as this lives: what was cleaned under it
 * goes by it, whatever is set later.
 */
export class DeleteRetention {
  readonly #options: DeleteRetentionOptions;
  #ms: number;
  #asking: Promise<void> | null = null;
  #askedAt: HeardAt | null = null;

  constructor(options: DeleteRetentionOptions) {
    this.#options = options;
    this.#ms = options.keyTopic.deleteRetentionMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Asks where the last answer is old. Never rejects: what cannot be asked is said in the log, and what is known stays. */
  keepFresh(): Promise<void> {
    const now = momentOf(this.#options.clock);
    const isFresh = this.#askedAt !== null && elapsedMs(this.#askedAt, now) < askAgainMs;
    if (isFresh) return this.#asking ?? Promise.resolve();
    this.#askedAt = now;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** Resolves when nothing is being asked. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { admin, keyTopic, logger } = this.#options;
    const { topic } = keyTopic;
    try {
      const [description] = await admin.describeTopics([topic]);
      const ms = Number(description?.configs['delete.retention.ms'] ?? Number.NaN);
      if (ms >= 0) this.#ms = Math.min(this.#ms, ms);
      else logger.warn(untold, { topic, deleteRetentionMs: this.#ms });
    } catch (error) {
      logger.warn(untold, { topic, deleteRetentionMs: this.#ms, error: nameOf(error) });
    }
  }
}

const untold =
  'The cluster does not tell delete.retention.ms of the key topic, the smallest known is taken: allow this client DESCRIBE_CONFIGS';
