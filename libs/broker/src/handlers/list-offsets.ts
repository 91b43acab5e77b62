import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import type { FoundOffset, PartitionLog } from '../log/partition-log.js';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { checkLeaderEpoch } from './leader-epoch.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * ListOffsets, versions 1 to 10. Beside a time in ms: -1 latest, -2 earliest, -3 the record with the largest timestamp (KIP-734),
 * -4 earliest local, -5 latest in tiered storage (there is none: -1). Isolation level 1 takes the last stable offset for the
 * latest, and finds nothing at or above it. A partition that is asked for twice is refused, both times the same.
 */

type Topic = RequestOf<'listOffsets'>['topics'][number];
type Partition = Topic['partitions'][number];

const special = {
  latest: -1n,
  earliest: -2n,
  maxTimestamp: -3n,
  earliestLocal: -4n,
  latestTiered: -5n,
} as const;
/** The version that brought each; a time that is none of these and below 0 means nothing. */
const firstVersionOf = new Map<bigint, number>([
  [special.latest, 1],
  [special.earliest, 1],
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
]);
const epochsFrom = 4;
const unknown: FoundOffset = { offset: -1n, timestamp: -1n, leaderEpoch: -1 };

async function find(log: PartitionLog, timestamp: bigint, end: bigint): Promise<FoundOffset> {
  switch (timestamp) {
    case special.latest:
      return { offset: end, timestamp: -1n, leaderEpoch: log.leaderEpoch };
    case special.earliest:
    case special.earliestLocal:
      return { offset: log.logStartOffset, timestamp: -1n, leaderEpoch: log.earliestEpoch ?? -1 };
    case special.latestTiered:
      return unknown;
    default: {
      const found = await (timestamp === special.maxTimestamp
        ? log.maxTimestamp()
        : log.findByTimestamp(timestamp));
      return found === null || found.offset >= end ? unknown : found;
    }
  }
}

async function answerPartition(
  topic: string,
  { partitionIndex, timestamp, currentLeaderEpoch: asked }: Partition,
  isolationLevel: number,
  { broker, version }: RequestContext,
) {
  try {
    if (timestamp < 0n && version < (firstVersionOf.get(timestamp) ?? Infinity)) {
      const what = `timestamp ${timestamp} means nothing in version ${version}`;
      throw new KafkaError('UNSUPPORTED_VERSION', what);
    }
    const log = broker.topics.log(topic, partitionIndex);
    checkLeaderEpoch(asked, log);
    const end = isolationLevel === 0 ? log.highWatermark : log.lastStableOffset;
    const { leaderEpoch, ...found } = await find(log, timestamp, end);
    const epoch = version < epochsFrom ? -1 : leaderEpoch;
    return { partitionIndex, errorCode: ErrorCode.NONE, ...found, leaderEpoch: epoch };
  } catch (error) {
    return { partitionIndex, errorCode: answerError(error, broker.logger).errorCode };
  }
}

/** What is asked of each topic and partition; one that is asked for twice has null: it is refused, and answered once. */
async function askedOnce(
  topics: readonly Topic[],
  slice: TimeSlice,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Partition | null>>> {
  const byTopic = new Map<string, Map<number, Partition | null>>();
  await slice.map(topics, async ({ name, partitions }) => {
    const known = byTopic.get(name) ?? new Map<number, Partition | null>();
    byTopic.set(name, known);
    await slice.map(partitions, (partition) => {
      const index = partition.partitionIndex;
      known.set(index, known.has(index) ? null : partition);
    });
  });
  return byTopic;
}

export const listOffsets = defineHandler(
  apis.listOffsets,
  { versions: [1, 10] },
  async (request, context) => {
    const slice = new TimeSlice(context.broker.clock);
    const asked = await askedOnce(request.topics, slice);
    const topics = await slice.map(asked, async ([name, partitions]) => ({
      name,
      partitions: await slice.map(partitions, ([partitionIndex, one]) =>
        one === null
          ? { partitionIndex, errorCode: ErrorCode.INVALID_REQUEST }
          : answerPartition(name, one, request.isolationLevel, context),
      ),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
