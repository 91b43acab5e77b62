import type { Entropy } from '@oubliette/runtime';
import { isDiskFull } from '../log/storage-error.js';
import { ClusterImage, ownOf, type BrokerConfigs, type Deletion } from './cluster-image.js';
import type { ClusterStore, ResourceConfigs, StoredTopic } from './cluster-store.js';
import { ClusterWriter } from './cluster-writer.js';
import { randomUuid } from './uuid.js';

type Settings = Readonly<Record<string, string>>;

/** Ids are reserved in blocks, so that handing one out costs no write (Kafka: ProducerIdsBlock). */
const producerIdBlock = 1000n;

/**
 * The cluster's state. What is read is on disk; a change resolves once it is (ClusterWriter) and rejects with KafkaError: what its
 * checks say of the state at that moment, KAFKA_STORAGE_ERROR when it cannot be stored, NOT_CONTROLLER after `close`.
 */
export class ClusterRegistry {
  readonly #store: ClusterStore;
  readonly #writer: ClusterWriter;
  #nextProducerId: bigint;
  #reserving: Promise<void> | null = null;

  constructor(store: ClusterStore, entropy: Entropy) {
    this.#store = store;
    const stored = store.load();
    const found = stored === null ? ClusterImage.empty(randomUuid(entropy)) : ClusterImage.of(stored);
    const image = found.copy(found.run + 1);
    this.#begin(image, stored === null);
    this.#writer = new ClusterWriter(store, image);
    this.#nextProducerId = image.nextProducerId;
  }

  /** Without room the run is counted in memory, and written with the next change: what is there can be read meanwhile. */
  #begin(image: ClusterImage, isNew: boolean): void {
    try {
      this.#store.saveSync(image.state);
    } catch (error) {
      if (isNew || !isDiskFull(error)) throw error;
    }
  }

  /** Stores what was asked for; further changes are refused. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Makes the room that deletions and settings need on a full disk, where there is room for it. Rejects with DiskError. */
  async prepare(): Promise<void> {
    try {
      await this.#store.prepare(this.#writer.image.state);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }

  get clusterId(): string {
    return this.#writer.image.clusterId;
  }

  get topics(): ReadonlyMap<string, StoredTopic> {
    return this.#writer.image.topics;
  }

  /** Topics that are gone and whose directories may still stand, by name. */
  get deleting(): ReadonlyMap<string, Deletion> {
    return this.#writer.image.deleting;
  }

  get brokerConfigs(): BrokerConfigs {
    return this.#writer.image.brokerConfigs;
  }

  get resourceConfigs(): ResourceConfigs {
    return this.#writer.image.resourceConfigs;
  }

  nameOf(id: string): string | undefined {
    return this.#writer.image.nameOf(id);
  }

  /** The topic whose name differs from this one only in '.' and '_', or undefined. */
  collision(name: string): string | undefined {
    return this.#writer.image.collision(name);
  }

  /** The epoch in which this broker leads a partition: 0 in the run that made it. */
  leaderEpoch(topic: string, partition: number): number {
    return this.#writer.image.leaderEpoch(topic, partition);
  }

  /** Rejects with TOPIC_ALREADY_EXISTS, and INVALID_TOPIC_EXCEPTION for a collision with another than those created `together`. */
  createTopic(
    topic: StoredTopic,
    together: ReadonlySet<string> = new Set([topic.name]),
  ): Promise<StoredTopic> {
    return this.#writer.change((image) => image.createTopic(topic, together));
  }

  /**
   * Stores what `change` makes of the topic of this name and id. Rejects with UNKNOWN_TOPIC_OR_PARTITION, and with what `change` throws.
   * `mayUseReserve`: what gives room back, or can make retention do so, is stored on a full disk too.
   */
  changeTopic(
    { name, id }: Pick<StoredTopic, 'name' | 'id'>,
    change: (topic: StoredTopic) => StoredTopic,
    mayUseReserve = false,
  ): Promise<StoredTopic> {
    return this.#writer.change((image) => image.changeTopic(name, id, change), mayUseReserve);
  }

  /**
   * Decides the deletion: from here on the topic is gone, and a start after a crash finishes removing its directories. It can be stored
   * on a full disk. Rejects with UNKNOWN_TOPIC_OR_PARTITION.
   */
  beginDelete({ name, id }: Pick<StoredTopic, 'name' | 'id'>): Promise<StoredTopic> {
    return this.#writer.change((image) => image.beginDelete(name, id), true);
  }

  /** The directories of the topic are gone or renamed. */
  endDelete(name: string): Promise<void> {
    return this.#writer.change((image) => image.endDelete(name), true);
  }

  /** Stores what `change` makes of the settings of all brokers and of this one, on a full disk too. */
  changeBrokerConfigs(change: (configs: BrokerConfigs) => BrokerConfigs): Promise<void> {
    return this.#writer.change((image) => void (image.brokerConfigs = change(image.brokerConfigs)), true);
  }

  /** The same for those of a group or of a metrics subscription; none left removes it. */
  changeResourceConfigs(
    kind: keyof ResourceConfigs,
    name: string,
    change: (settings: Settings) => Settings,
  ): Promise<void> {
    return this.#writer.change((image) => {
      image.setResourceConfigs(kind, name, change(ownOf(image.resourceConfigs[kind], name)));
    }, true);
  }

  /** A producer id that was never given to anybody, also not before a crash. */
  async nextProducerId(): Promise<bigint> {
    while (this.#nextProducerId >= this.#reservedBelow) await this.#reserve();
    const id = this.#nextProducerId;
    this.#nextProducerId += 1n;
    // In time, so that nobody waits. Whoever finds none left tries again, and hears why there is none.
    if (this.#reservedBelow - this.#nextProducerId < producerIdBlock / 2n) {
      this.#reserve().catch(() => undefined);
    }
    return id;
  }

  get #reservedBelow(): bigint {
    return this.#writer.image.nextProducerId;
  }

  #reserve(): Promise<void> {
    this.#reserving ??= this.#writer
      .change((image) => void (image.nextProducerId += producerIdBlock))
      .finally(() => (this.#reserving = null));
    return this.#reserving;
  }
}
