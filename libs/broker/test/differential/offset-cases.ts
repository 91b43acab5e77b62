import { apis, encodeBatch, type EncodableRequestOf } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { batchOf, runMs } from './batches.js';
import { answerOf, type Case } from './two-brokers.js';

export const offsetTopics = {
  timed: { partitions: 2 },
  deleted: {},
  'deleted-compact': { config: { 'cleanup.policy': 'compact' } },
  'deleted-both': { config: { 'cleanup.policy': 'compact,delete' } },
  producers: {},
};

const key = Buffer.from('k');
/** Timestamps that do not ascend, two in a batch. */
const times = [100n, 300n, 200n, 500n, 500n, 400n].map((past) => runMs + past);

export async function fillForOffsets(client: WireClient): Promise<void> {
  for (const name of ['timed', 'deleted', 'deleted-compact', 'deleted-both']) {
    for (let i = 0; i < times.length; i += 2) {
      const records = times.slice(i, i + 2).map((timestamp) => ({ timestamp, key, value: key }));
      await append(client, name, encodeBatch({ records }));
    }
  }
  const producer = { producerId: 77n, producerEpoch: 2 };
  for (const baseSequence of [0, 2])
    await append(client, 'producers', batchOf(2, { ...producer, baseSequence }));
  await append(client, 'producers', batchOf(1));
}

async function append(client: WireClient, name: string, records: Uint8Array): Promise<void> {
  await client.call(apis.produce, 8, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index: 0, records }] }],
  });
}

interface Asked {
  readonly topic?: string;
  readonly partition?: number;
  readonly epoch?: number;
  readonly timestamp?: bigint;
}

/** The answer by topic and partition: Kafka sorts by neither. */
async function byPartition(
  client: WireClient,
  version: number,
  body: EncodableRequestOf<'listOffsets'>,
): Promise<unknown> {
  const answer = await answerOf(client, apis.listOffsets, version, body);
  if (typeof answer === 'string') return answer;
  const rows = answer.topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ name, ...partition })),
  );
  const order = (row: (typeof rows)[number]): string => `${row.name} ${row.partitionIndex}`;
  return rows.sort((a, b) => order(a).localeCompare(order(b)));
}

const list =
  (version: number, asked: readonly Asked[], isolationLevel = 0): Case =>
  (_side, client) =>
    byPartition(client, version, {
      replicaId: -1,
      ...(version >= 2 ? { isolationLevel } : {}),
      ...(version >= 10 ? { timeoutMs: 1000 } : {}),
      topics: asked.map(({ topic = 'timed', partition = 0, epoch = -1, timestamp = -1n }) => ({
        name: topic,
        partitions: [{ partitionIndex: partition, currentLeaderEpoch: epoch, timestamp }],
      })),
    });

const specials = [-1n, -2n, -3n, -4n, -5n, -6n, -7n];

export const listOffsetsCases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => index + 1).flatMap((version) =>
      specials.map((timestamp) => [
        `version ${version}, ${timestamp}`,
        list(version, [{ timestamp }, { partition: 1, timestamp }]),
      ]),
    ),
  ),
  ...Object.fromEntries(
    [0n, 50n, 100n, 101n, 200n, 250n, 300n, 301n, 400n, 450n, 500n, 501n].map((past) => [
      `the first at ${past} or later`,
      list(7, [{ timestamp: past === 0n ? 0n : runMs + past }]),
    ]),
  ),
  'read committed': list(7, [{ timestamp: -1n }], 1),
  'an epoch to come': list(7, [{ epoch: 3 }]),
  'the epoch of today': list(7, [{ epoch: 0 }]),
  'no such topic or partition': list(7, [{ topic: 'nowhere' }, { partition: 9 }]),
  'the same partition twice': list(7, [{ timestamp: -1n }, { timestamp: -2n }]),
  nothing: list(7, []),
};

const remove =
  (topic: string, offset: bigint, partition = 0): Case =>
  (_side, client) =>
    answerOf(client, apis.deleteRecords, 1, {
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }],
      timeoutMs: 1000,
    });

export const deleteRecordsCases: Readonly<Record<string, Case>> = {
  'to 0': remove('deleted', 0n),
  'to the middle of a batch': remove('deleted', 3n),
  'to what is gone': remove('deleted', 1n),
  'then the earliest': list(7, [{ topic: 'deleted', timestamp: -2n }]),
  'then the first at a time that is gone': list(7, [{ topic: 'deleted', timestamp: runMs + 100n }]),
  'then the newest': list(7, [{ topic: 'deleted', timestamp: -3n }]),
  'beyond the end': remove('deleted', 7n),
  'below 0': remove('deleted', -2n),
  'no such topic': remove('nowhere', 0n),
  'no such partition': remove('deleted', 0n, 9),
  'compacted only': remove('deleted-compact', 2n),
  'compacted and deleted': remove('deleted-both', 2n),
  'all of it': remove('deleted', -1n),
  'then the earliest again': list(7, [
    { topic: 'deleted', timestamp: -2n },
    { topic: 'deleted', timestamp: -3n },
  ]),
  'then each of them': list(7, [{ topic: 'deleted', timestamp: -1n }]),
  'the newest of nothing': list(7, [{ topic: 'deleted', timestamp: -3n }]),
};

const epoch =
  (
    version: number,
    asked: readonly { readonly topic?: string; partition?: number; current?: number; of: number }[],
  ): Case =>
  (_side, client) =>
    answerOf(client, apis.offsetForLeaderEpoch, version, {
      ...(version >= 3 ? { replicaId: -1 } : {}),
      topics: asked.map(({ topic = 'timed', partition = 0, current = -1, of }) => ({
        topic,
        partitions: [{ partition, currentLeaderEpoch: current, leaderEpoch: of }],
      })),
    });

export const epochCases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    [2, 3, 4].map((version) => [
      `version ${version}`,
      async (side, client) => {
        const answers = [];
        for (const of of [0, 1, -1, 5])
          answers.push(await epoch(version, [{ of }, { partition: 1, of }])(side, client));
        return answers;
      },
    ]) satisfies [string, Case][],
  ),
  'a current epoch to come': epoch(4, [{ current: 3, of: 0 }]),
  'no such topic or partition': epoch(4, [
    { topic: 'nowhere', of: 0 },
    { partition: 9, of: 0 },
  ]),
};

const producers =
  (...asked: { topic: string; partitions: number[] }[]): Case =>
  (_side, client) =>
    answerOf(client, apis.describeProducers, 0, {
      topics: asked.map(({ topic, partitions }) => ({ name: topic, partitionIndexes: partitions })),
    });

export const producersCases: Readonly<Record<string, Case>> = {
  'one that is known': producers({ topic: 'producers', partitions: [0] }),
  none: producers({ topic: 'timed', partitions: [0, 1] }),
  'no such topic or partition': producers(
    { topic: 'nowhere', partitions: [0] },
    { topic: 'timed', partitions: [9] },
  ),
};
