import type { Entropy } from '@oubliette/runtime';
import { isDiskFull, onStorage } from '../log/storage-error.js';
import {
  noResourceConfigs,
  type ClusterState,
  type ClusterStore,
  type MadePartitions,
  type ResourceConfigs,
  type StoredTopic,
} from './cluster-store.js';
import { collidingName } from './topic-name.js';
import { randomUuid } from './uuid.js';

/** A node of Kafka that starts again gives up its partitions, then is made their leader: an epoch for each. */
const epochsPerRun = 2;

/** Ids are reserved in blocks, so that handing one out costs no write (Kafka: ProducerIdsBlock). */
const producerIdBlock = 1000n;

/** The cluster's state in memory; every change is on disk before it is seen. */
export class ClusterRegistry {
  readonly #store: ClusterStore;
  readonly #topics = new Map<string, StoredTopic>();
  readonly #namesById = new Map<string, string>();
  readonly #namesByCollision = new Map<string, string>();
  #state: ClusterState;
  #nextProducerId: bigint;
  #reservedBelow: bigint;

  constructor(store: ClusterStore, entropy: Entropy) {
    this.#store = store;
    const stored = store.load();
    this.#state = stored ?? {
      run: -1,
      clusterId: randomUuid(entropy),
      nextProducerId: '0',
      topics: [],
      deleting: [],
      // A new cluster of 4.1 has the eligible leader replicas, which hold this setting for all brokers (KIP-966).
      brokerConfigs: { cluster: { 'min.insync.replicas': '1' }, broker: {} },
      resourceConfigs: noResourceConfigs,
    };
    this.#nextProducerId = BigInt(this.#state.nextProducerId);
    this.#reservedBelow = this.#nextProducerId;
    for (const topic of this.#state.topics) this.#index(topic);
    this.#begin({ ...this.#state, run: this.#state.run + 1 }, stored === null);
  }

  /** Without room the run is counted in memory, and written with the next change: what is there can be read meanwhile. */
  #begin(state: ClusterState, isNew: boolean): void {
    try {
      this.#store.save(state);
    } catch (error) {
      if (isNew || !isDiskFull(error)) throw error;
    }
    this.#state = state;
  }

  get clusterId(): string {
    return this.#state.clusterId;
  }

  get topics(): ReadonlyMap<string, StoredTopic> {
    return this.#topics;
  }

  get deleting(): ClusterState['deleting'] {
    return this.#state.deleting;
  }

  get brokerConfigs(): ClusterState['brokerConfigs'] {
    return this.#state.brokerConfigs;
  }

  get resourceConfigs(): ResourceConfigs {
    return this.#state.resourceConfigs;
  }

  nameOf(id: string): string | undefined {
    return this.#namesById.get(id);
  }

  /** The topic whose name differs from this one only in '.' and '_', or undefined. */
  collision(name: string): string | undefined {
    return this.#namesByCollision.get(collidingName(name));
  }

  /** The epoch in which this broker leads a partition: 0 in the run that made it. */
  leaderEpoch(topic: string, partition: number): number {
    const made = this.#topics.get(topic)?.made?.findLast(({ first }) => first <= partition);
    return epochsPerRun * (this.#state.run - (made?.run ?? 0));
  }

  /** Adds the topic or replaces the one of this name. */
  put(topic: StoredTopic): void {
    const others = this.#state.topics.filter(({ name }) => name !== topic.name);
    const stored = { ...topic, made: this.#madeIn(topic) };
    this.#save({ ...this.#state, topics: [...others, stored] });
    this.#index(stored);
  }

  /** Decides the deletion: from here on the topic is gone, and a start after a crash finishes removing its directories. */
  beginDelete(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    this.#save({
      ...this.#state,
      topics: this.#state.topics.filter((other) => other.name !== name),
      deleting: [
        ...this.#state.deleting.filter((other) => other.name !== name),
        { name, partitions: topic.partitions },
      ],
    });
    this.#topics.delete(name);
    this.#namesById.delete(topic.id);
    this.#namesByCollision.delete(collidingName(name));
  }

  /** The directories of the topic are gone or renamed. */
  endDelete(name: string): void {
    this.#save({ ...this.#state, deleting: this.#state.deleting.filter((other) => other.name !== name) });
  }

  setBrokerConfigs(brokerConfigs: ClusterState['brokerConfigs']): void {
    this.#save({ ...this.#state, brokerConfigs });
  }

  /** Replaces the settings of a group or of a metrics subscription; none left removes it. */
  setResourceConfigs(
    kind: keyof ResourceConfigs,
    name: string,
    settings: Readonly<Record<string, string>>,
  ): void {
    const { [name]: _replaced, ...others } = this.#state.resourceConfigs[kind];
    const all = Object.keys(settings).length === 0 ? others : { ...others, [name]: settings };
    this.#save({ ...this.#state, resourceConfigs: { ...this.#state.resourceConfigs, [kind]: all } });
  }

  /** A producer id that was never given to anybody, also not before a crash. */
  nextProducerId(): bigint {
    if (this.#nextProducerId >= this.#reservedBelow) {
      const reserved = this.#nextProducerId + producerIdBlock;
      this.#save({ ...this.#state, nextProducerId: String(reserved) });
      this.#reservedBelow = reserved;
    }
    const id = this.#nextProducerId;
    this.#nextProducerId += 1n;
    return id;
  }

  #madeIn({ name, id, partitions }: StoredTopic): readonly MadePartitions[] {
    const { run } = this.#state;
    const before = this.#topics.get(name);
    if (before?.id !== id) return [{ first: 0, run }];
    const known = before.made ?? [{ first: 0, run: 0 }];
    return before.partitions < partitions ? [...known, { first: before.partitions, run }] : known;
  }

  /** Throws KafkaError KAFKA_STORAGE_ERROR. */
  #save(state: ClusterState): void {
    onStorage(() => this.#store.save(state));
    this.#state = state;
  }

  #index(topic: StoredTopic): void {
    this.#topics.set(topic.name, topic);
    this.#namesById.set(topic.id, topic.name);
    this.#namesByCollision.set(collidingName(topic.name), topic.name);
  }
}
