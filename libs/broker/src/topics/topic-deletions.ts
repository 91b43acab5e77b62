import type { LogManager } from '../log/partition-log.js';
import { messageOf } from '../log/storage-error.js';
import type { Logger } from '../logger.js';
import type { ClusterRegistry } from './cluster-registry.js';

/** Removes the logs of deleted topics, one topic after the other; what fails is tried again when its name is wanted, or at the next start. */
export class TopicDeletions {
  /** By name, until its logs are gone or could not be removed. */
  readonly #underWay = new Map<string, Promise<void>>();
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly registry: ClusterRegistry;
      readonly logs: LogManager;
      readonly logger: Logger;
    },
  ) {}

  begin({ name, partitions }: { readonly name: string; readonly partitions: number }): void {
    const { registry, logs, logger } = this.parts;
    const removed = this.#last.then(() => logs.remove(name, [...Array(partitions).keys()]));
    // The next one need not wait for the note that this one is over: many are written together.
    this.#last = removed.catch(() => undefined);
    const ended = removed
      .then(() => registry.endDelete(name))
      .catch((error: unknown) => {
        logger.error('the logs of a deleted topic could not be removed; the next start tries again', {
          topic: name,
          cause: messageOf(error),
        });
      })
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, ended);
  }

  /** The directories of a new topic take the names of those that are on their way out: waits for them, and tries again what failed. */
  async finish(name: string): Promise<void> {
    await this.#underWay.get(name);
    const left = this.parts.registry.deleting.get(name);
    if (left === undefined) return;
    if (!this.#underWay.has(name)) this.begin(left);
    await this.#underWay.get(name);
  }

  /** Ends those that a stop interrupted. */
  async finishAll(): Promise<void> {
    for (const left of this.parts.registry.deleting.values()) this.begin(left);
    await this.close();
  }

  /** Resolves when none is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }
}
