import { KafkaError } from '@oubliette/protocol';
import { offsetsTopic } from '../topics/topic-name.js';
import { GroupCoordinator, type CoordinatorParts } from './group-coordinator.js';
import type { OffsetsPartitions } from './offsets-log.js';

/**
 * The coordinator of groups for as long as there is a topic for their offsets. As in Kafka an administrator may delete that topic: then
 * every group and offset is gone, this broker coordinates none, and the first client that looks for a coordinator has the topic made
 * again.
 */
export class GroupService {
  readonly #parts: Omit<CoordinatorParts, 'offsets'>;
  readonly #openLogs: () => Promise<OffsetsPartitions>;
  #current: GroupCoordinator | null = null;
  #starting: Promise<void> | null = null;
  #ending: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** Clients ask again every fraction of a second. */
  #toldFailure: string | null = null;

  /** `openLogs` gives the logs of __consumer_offsets, made where they are missing. */
  constructor(parts: Omit<CoordinatorParts, 'offsets'>, openLogs: () => Promise<OffsetsPartitions>) {
    this.#parts = parts;
    this.#openLogs = openLogs;
  }

  /** Makes the topic where it is missing and loads what it holds; returns once groups are coordinated. */
  start(): Promise<void> {
    if (this.#current !== null || this.#isClosed) return Promise.resolve();
    this.#starting ??= this.#load().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** The same without waiting for it: who asked asks again. A failure is logged, once until another one or a success. */
  begin(): void {
    this.start().catch((error: unknown) => {
      const reason = error instanceof KafkaError ? error.message : 'UNKNOWN_SERVER_ERROR';
      if (reason === this.#toldFailure) return;
      this.#toldFailure = reason;
      this.#parts.logger.error('the topic of the committed offsets could not be made or read', { reason });
    });
  }

  async #load(): Promise<void> {
    await this.#ending;
    const coordinator = new GroupCoordinator({ ...this.#parts, offsets: await this.#openLogs() });
    await coordinator.start();
    if (this.#isClosed) await coordinator.close();
    else this.#current = coordinator;
    this.#toldFailure = null;
  }

  /** The group's coordinator, or null while there is no topic for offsets, or no partition of it for the group. */
  of(groupId: string): GroupCoordinator | null {
    return this.#current?.coordinates(groupId) === true ? this.#current : null;
  }

  /** The same; throws NOT_COORDINATOR where there is none: the client looks for a coordinator then. */
  coordinatorOf(groupId: string): GroupCoordinator {
    const found = this.of(groupId);
    if (found === null) throw new KafkaError('NOT_COORDINATOR');
    return found;
  }

  /** The coordinator of all groups that have one, or null while there is no topic for offsets. */
  get current(): GroupCoordinator | null {
    return this.#current;
  }

  /** What was committed for a deleted topic goes; with the topic of the offsets, everything does. */
  topicDeleted(topic: string): void {
    if (topic !== offsetsTopic) {
      this.#current?.topicDeleted(topic);
      return;
    }
    const ended = this.#current;
    this.#current = null;
    if (ended !== null) this.#ending = this.#ending.then(() => ended.close());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Who asked for the start is told if it fails.
    await this.#starting?.catch(() => undefined);
    await this.#current?.close();
    await this.#ending;
  }
}
