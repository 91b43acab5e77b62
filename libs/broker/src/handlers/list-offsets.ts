import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import type { PartitionLog } from '../log/partition-log.js';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/*
 * ListOffsets, versions 1 to 10. Beside a time in ms: -1 latest, -2 earliest, -3 the record with the largest timestamp (KIP-734),
 * -4 earliest local, -5 latest in tiered storage (there is none: -1), -6 earliest pending upload (none either).
 */

const special = {
  latest: -1n,
  earliest: -2n,
  maxTimestamp: -3n,
  earliestLocal: -4n,
  latestTiered: -5n,
} as const;
const earliestPendingUpload = -6n;
const firstVersionOf = new Map([
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
  [earliestPendingUpload, 11],
]);
const leaderEpoch = 0;

async function find(log: PartitionLog, timestamp: bigint): Promise<{ offset: bigint; timestamp: bigint }> {
  switch (timestamp) {
    case special.latest:
      return { offset: log.highWatermark, timestamp: -1n };
    case special.earliest:
    case special.earliestLocal:
      return { offset: log.logStartOffset, timestamp: -1n };
    case special.maxTimestamp:
      return log.maxTimestamp() ?? { offset: -1n, timestamp: -1n };
    case special.latestTiered:
      return { offset: -1n, timestamp: -1n };
    default:
      return (await log.findByTimestamp(timestamp)) ?? { offset: -1n, timestamp: -1n };
  }
}

export const listOffsets = defineHandler(
  apis.listOffsets,
  { versions: [1, 10] },
  async (request, { broker, version }) => {
    const topics = [];
    for (const { name, partitions } of request.topics) {
      const answers = [];
      for (const { partitionIndex, timestamp, currentLeaderEpoch } of partitions) {
        try {
          const log = broker.topics.log(name, partitionIndex);
          if (currentLeaderEpoch > leaderEpoch) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
          if (timestamp < special.latestTiered - 1n || version < (firstVersionOf.get(timestamp) ?? 0)) {
            throw new KafkaError(
              'UNSUPPORTED_VERSION',
              `timestamp ${timestamp} means nothing in version ${version}`,
            );
          }
          const found = await find(log, timestamp);
          const epoch = version < 4 || found.offset < 0n ? -1 : leaderEpoch;
          answers.push({ partitionIndex, errorCode: ErrorCode.NONE, ...found, leaderEpoch: epoch });
        } catch (error) {
          answers.push({ partitionIndex, errorCode: answerError(error, broker.logger).errorCode });
        }
      }
      topics.push({ name, partitions: answers });
    }
    return { throttleTimeMs: 0, topics };
  },
);
