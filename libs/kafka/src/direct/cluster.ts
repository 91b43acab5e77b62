import { setMaxListeners } from 'node:events';
import { KafkaError, apis, type ResponseOf } from '@oubliette/protocol';
import { Connection } from './connection.js';
import { ConnectionError, PartitionError } from './errors.js';
import type { Address, Settings } from './options.js';

/**
 * A broker works through a connection's requests one by one, so a long poll holds up what comes behind it: polls have a
 * connection of their own.
 */
export type Lane = 'requests' | 'polls';

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id, -1 when there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  /** Kafka's text form; another when the topic was made anew under its name. Null where brokers tell none. */
  readonly topicId: string | null;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface ClusterMetadata {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly (Address & { readonly nodeId: number })[];
  readonly topics: readonly TopicMetadata[];
}

const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
/** Topic ids came with version 10, and nothing later than that is used. */
const MAX_METADATA_VERSION = 12;

/** Knows the brokers and the partitions' leaders, and owns the connections. */
export class Cluster {
  readonly #settings: Settings;
  readonly #closing = new AbortController();
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #learning = new Map<string, Promise<unknown>>();
  #brokers = new Map<number, Address>();
  #leaders = new Map<string, ReadonlyMap<number, number>>();

  constructor(settings: Settings) {
    this.#settings = settings;
    // Every request that is being repeated listens: many at once are no leak, their number is that of the calls.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Aborts when the cluster is closed, with a CLIENT_CLOSED as its reason. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Names null: all topics. Topics that do not exist are left out. Never creates one. */
  async metadata(names: readonly string[] | null): Promise<ClusterMetadata> {
    const connection = await this.any();
    const answer = await connection.send(
      apis.metadata,
      { topics: names === null ? null : names.map((name) => ({ name })), allowAutoTopicCreation: false },
      { maxVersion: MAX_METADATA_VERSION },
    );
    const metadata = clusterMetadata(answer);
    this.#brokers = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const name of names ?? []) this.#leaders.delete(name);
    for (const { name, partitions } of metadata.topics) {
      this.#leaders.set(name, new Map(partitions.map(({ partition, leader }) => [partition, leader])));
    }
    return metadata;
  }

  /** Forgets who leads, so that the next request asks. */
  forgetLeaders(topics: Iterable<string>): void {
    for (const topic of topics) this.#leaders.delete(topic);
  }

  /** Node id of the leader. Throws `PartitionError` UNKNOWN_TOPIC_OR_PARTITION or LEADER_NOT_AVAILABLE, both retriable. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    if (!this.#leaders.has(topic)) await this.#learn(topic);
    const leader = this.#leaders.get(topic)?.get(partition);
    if (leader !== undefined && leader >= 0) return leader;
    this.#leaders.delete(topic);
    const code = leader === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'LEADER_NOT_AVAILABLE';
    throw new PartitionError(code, topic, partition, 'cannot find the leader of');
  }

  /** Many may ask at once: one request answers them all. */
  #learn(topic: string): Promise<unknown> {
    const asked = this.#learning.get(topic);
    if (asked !== undefined) return asked;
    const answer = this.metadata([topic]).finally(() => this.#learning.delete(topic));
    this.#learning.set(topic, answer);
    return answer;
  }

  async nodeIds(): Promise<readonly number[]> {
    const { brokers } = await this.metadata([]);
    return brokers.map(({ nodeId }) => nodeId);
  }

  async node(nodeId: number, lane: Lane = 'requests'): Promise<Connection> {
    if (!this.#brokers.has(nodeId)) await this.metadata([]);
    const address = this.#brokers.get(nodeId);
    if (address === undefined) {
      throw new KafkaError('BROKER_NOT_AVAILABLE', `node ${nodeId} is not among the cluster's brokers`);
    }
    return this.#connect(address, lane);
  }

  /** A connection to whichever broker answers: those known, then those named. */
  async any(): Promise<Connection> {
    let cause: unknown;
    for (const address of [...this.#brokers.values(), ...this.#settings.brokers]) {
      try {
        return await this.#connect(address, 'requests');
      } catch (error) {
        this.signal.throwIfAborted();
        cause = error;
      }
    }
    throw new ConnectionError(
      'NO_BROKER_REACHABLE',
      'no broker could be reached, see the cause for the last one',
      {
        cause,
      },
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new ConnectionError('CLIENT_CLOSED', 'the client was closed'));
    const outcomes = await Promise.allSettled(this.#connections.values());
    this.#connections.clear();
    const open = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await Promise.all(open.map((connection) => connection.close()));
  }

  async #connect(address: Address, lane: Lane): Promise<Connection> {
    this.signal.throwIfAborted();
    const key = `${lane} ${address.host}:${address.port}`;
    const known = this.#connections.get(key);
    if (known !== undefined) {
      const connection = await known;
      if (connection.isOpen) return connection;
      if (this.#connections.get(key) === known) this.#connections.delete(key);
      return this.#connect(address, lane);
    }
    const opening = Connection.open(address, this.#settings, this.signal);
    this.#connections.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#connections.get(key) === opening) this.#connections.delete(key);
      throw error;
    }
  }
}

function clusterMetadata(answer: ResponseOf<'metadata'>): ClusterMetadata {
  const topics: TopicMetadata[] = [];
  for (const { errorCode, name, topicId, isInternal, partitions } of answer.topics) {
    const error =
      errorCode === 0 ? null : new KafkaError(errorCode, `metadata of topic ${name ?? '(unnamed)'}`);
    if (error?.codeName === 'UNKNOWN_TOPIC_OR_PARTITION' || name === null) continue;
    if (error !== null) throw error;
    topics.push({
      name,
      topicId: topicId === NO_TOPIC_ID ? null : topicId,
      isInternal,
      partitions: partitions
        .map((partition) => ({
          partition: partition.partitionIndex,
          leader: partition.leaderId,
          leaderEpoch: partition.leaderEpoch,
          replicas: partition.replicaNodes,
          isr: partition.isrNodes,
        }))
        .sort((a, b) => a.partition - b.partition),
    });
  }
  return {
    clusterId: answer.clusterId,
    controllerId: answer.controllerId,
    brokers: answer.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    topics,
  };
}
