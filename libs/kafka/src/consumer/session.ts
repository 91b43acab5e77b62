import kafkajs, { type Consumer, type Kafka } from 'kafkajs';
import { metadataMaxAge, supervisedRetryOptions } from '../client/kafkajs-client.js';
import { translateError } from '../errors.js';
import type { BatchHandler } from './batch-handler.js';
import type { Position, StartPositions } from './start-positions.js';

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly handler: BatchHandler;
  readonly startPositions: StartPositions;
  /** How many partitions are handled at the same time. */
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  /** Called once when kafkajs gave up: the session is over. */
  readonly onCrash: (error: unknown) => void;
}

/** One membership of the group with a fixed list of topics, from joining to leaving. */
export interface Session {
  readonly topics: readonly string[];
  /** Waits for handlers that are under way, then leaves the group. */
  stop(): Promise<void>;
}

// minBytes is 1: a fetch returns as soon as there is a record. This bounds how long stopping and resuming wait.
const maxWaitTimeInMs = 200;
const rebalanceTimeoutMs = 60_000;

/** Joins the group; rejects when that failed. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const consumer = options.kafka.consumer({
    groupId: options.groupId,
    allowAutoTopicCreation: false,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: options.heartbeatMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    maxWaitTimeInMs,
    minBytes: 1,
    metadataMaxAge,
    partitionAssigners: [kafkajs.PartitionAssigners.roundRobin],
    // Its owner restarts it, with the topics that exist then.
    retry: { ...supervisedRetryOptions, restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await join(consumer, options);
  } catch (error) {
    await consumer.disconnect();
    throw translateError(error, `Joining the group ${options.groupId}`);
  }
  return { topics: options.topics, stop: () => consumer.disconnect() };
}

async function join(consumer: Consumer, options: SessionOptions): Promise<void> {
  const { handler, startPositions } = options;
  let joined = false;
  let first: readonly Position[] = [];
  let failure: unknown = null;
  // kafkajs's `run` resolves whether or not it could join: the events tell.
  consumer.on('consumer.crash', ({ payload }) => {
    if (joined) options.onCrash(payload.error);
    else failure = payload.error;
  });
  consumer.on('consumer.group_join', ({ payload }) => {
    const positions = startPositions.seek(consumer, payload.memberAssignment);
    // While the first join is under way kafkajs drops commits in silence.
    if (joined) startPositions.commit(consumer, positions);
    else first = positions;
  });
  await consumer.connect();
  // Where this group never committed a position, `startPositions` has put one; a topic that appeared since is read
  // from its first record, or what came before it was noticed would be skipped.
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrency,
    eachBatch: (payload) => handler.handle(payload),
  });
  if (failure !== null) throw failure;
  joined = true;
  startPositions.commit(consumer, first);
}
