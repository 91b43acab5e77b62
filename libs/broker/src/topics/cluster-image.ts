import { KafkaError } from '@oubliette/protocol';
import {
  noResourceConfigs,
  type ClusterState,
  type MadePartitions,
  type ResourceConfigs,
  type StoredTopic,
} from './cluster-store.js';
import { collides, collidingName } from './topic-name.js';

type Settings = Readonly<Record<string, string>>;
export type BrokerConfigs = ClusterState['brokerConfigs'];
export type Deletion = ClusterState['deleting'][number];

/** A node of Kafka that starts again gives up its partitions, then is made their leader: an epoch for each. */
const epochsPerRun = 2;

/** The cluster's state in memory, by what it is looked for. Changes are made on a copy, which is seen once it is stored. */
export class ClusterImage {
  readonly #topics: Map<string, StoredTopic>;
  readonly #namesById: Map<string, string>;
  readonly #namesByCollision: Map<string, string>;
  readonly #deleting: Map<string, Deletion>;

  private constructor(
    readonly run: number,
    readonly clusterId: string,
    public nextProducerId: bigint,
    public brokerConfigs: BrokerConfigs,
    public resourceConfigs: ResourceConfigs,
    maps: Pick<ClusterState, 'topics' | 'deleting'> | ClusterImage,
  ) {
    const isCopy = maps instanceof ClusterImage;
    this.#topics = new Map(isCopy ? maps.#topics : maps.topics.map((topic) => [topic.name, topic]));
    this.#deleting = new Map(isCopy ? maps.#deleting : maps.deleting.map((gone) => [gone.name, gone]));
    this.#namesById = new Map(isCopy ? maps.#namesById : maps.topics.map(({ id, name }) => [id, name]));
    this.#namesByCollision = new Map(
      isCopy ? maps.#namesByCollision : maps.topics.map(({ name }) => [collidingName(name), name]),
    );
  }

  static of(state: ClusterState): ClusterImage {
    const { run, clusterId, nextProducerId, brokerConfigs, resourceConfigs } = state;
    return new ClusterImage(run, clusterId, BigInt(nextProducerId), brokerConfigs, resourceConfigs, state);
  }

  static empty(clusterId: string): ClusterImage {
    return ClusterImage.of({
      run: -1,
      clusterId,
      nextProducerId: '0',
      topics: [],
      deleting: [],
      // A new cluster of 4.1 has the eligible leader replicas, which hold this setting for all brokers (KIP-966).
      brokerConfigs: { cluster: { 'min.insync.replicas': '1' }, broker: {} },
      resourceConfigs: noResourceConfigs,
    });
  }

  copy(run = this.run): ClusterImage {
    const { clusterId, nextProducerId, brokerConfigs, resourceConfigs } = this;
    return new ClusterImage(run, clusterId, nextProducerId, brokerConfigs, resourceConfigs, this);
  }

  get state(): ClusterState {
    const { run, clusterId, brokerConfigs, resourceConfigs } = this;
    const nextProducerId = String(this.nextProducerId);
    const topics = [...this.#topics.values()];
    const deleting = [...this.#deleting.values()];
    return { run, clusterId, nextProducerId, topics, deleting, brokerConfigs, resourceConfigs };
  }

  get topics(): ReadonlyMap<string, StoredTopic> {
    return this.#topics;
  }

  get deleting(): ReadonlyMap<string, Deletion> {
    return this.#deleting;
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
    return epochsPerRun * (this.run - (made?.run ?? 0));
  }

  /** Throws TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, KAFKA_STORAGE_ERROR while the directories of an earlier one stand. */
  createTopic(topic: StoredTopic, together: ReadonlySet<string>): StoredTopic {
    const { name } = topic;
    if (this.#topics.has(name)) {
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
    }
    const collision = this.collision(name);
    if (collision !== undefined && !together.has(collision)) throw collides(name, collision);
    if (this.#deleting.has(name)) {
      throw new KafkaError(
        'KAFKA_STORAGE_ERROR',
        `The logs of an earlier topic ${name} cannot be removed yet.`,
      );
    }
    const stored = { ...topic, made: [{ first: 0, run: this.run }] };
    this.#topics.set(name, stored);
    this.#namesById.set(stored.id, name);
    this.#namesByCollision.set(collidingName(name), name);
    return stored;
  }

  /** Puts what `change` makes of the topic of this name and id in its place. Throws UNKNOWN_TOPIC_OR_PARTITION, and what it throws. */
  changeTopic(name: string, id: string, change: (topic: StoredTopic) => StoredTopic): StoredTopic {
    const before = this.#require(name, id);
    const changed = change(before);
    const stored = { ...changed, name, id, made: this.#made(before, changed.partitions) };
    this.#topics.set(name, stored);
    return stored;
  }

  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  beginDelete(name: string, id: string): StoredTopic {
    const topic = this.#require(name, id);
    this.#topics.delete(name);
    this.#namesById.delete(id);
    this.#namesByCollision.delete(collidingName(name));
    this.#deleting.set(name, { name, partitions: topic.partitions });
    return topic;
  }

  endDelete(name: string): void {
    this.#deleting.delete(name);
  }

  /** None left removes the resource. */
  setResourceConfigs(kind: keyof ResourceConfigs, name: string, settings: Settings): void {
    const { [name]: _replaced, ...others } = this.resourceConfigs[kind];
    const all = Object.keys(settings).length === 0 ? others : { ...others, [name]: settings };
    this.resourceConfigs = { ...this.resourceConfigs, [kind]: all };
  }

  #require(name: string, id: string): StoredTopic {
    const topic = this.#topics.get(name);
    if (topic?.id === id) return topic;
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
  }

  /** Files of before starts were counted do not say it: in the first run. */
  #made(before: StoredTopic, partitions: number): readonly MadePartitions[] {
    const known = before.made ?? [{ first: 0, run: 0 }];
    const left = known.filter(({ first }) => first < partitions);
    return before.partitions < partitions ? [...left, { first: before.partitions, run: this.run }] : left;
  }
}

/** What stands under this name; nothing for names that every object has. */
export function ownOf(all: Readonly<Record<string, Settings>>, name: string): Settings {
  return Object.hasOwn(all, name) ? (all[name] ?? {}) : {};
}
