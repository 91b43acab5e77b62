import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * AlterReplicaLogDirs, versions 1 and 2. There is one data directory: a replica that is told to go there stays, any other place is
 * LOG_DIR_NOT_FOUND.
 */

/** Kafka's moving replica stands in a directory `<topic>-<partition>.<uuid of 32>-future`, which may have 255 characters. */
const maxFutureName = 255;
const futureSuffix = 1 + 32 + '-future'.length;

function move(path: string, topic: string, partition: number, { broker }: RequestContext): number {
  if (`${topic}-${partition}`.length + futureSuffix > maxFutureName) return ErrorCode.INVALID_TOPIC_EXCEPTION;
  if (path !== broker.dataDir) return ErrorCode.LOG_DIR_NOT_FOUND;
  const stored = broker.topics.topics.get(topic);
  const isHere = stored !== undefined && partition >= 0 && partition < stored.partitions;
  return isHere ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

export const alterReplicaLogDirs = defineHandler(
  apis.alterReplicaLogDirs,
  { versions: [1, 2] },
  async (request, context) => {
    const slice = new TimeSlice(context.broker.clock);
    const byTopic = new Map<string, Map<number, number>>();
    for (const { path, topics } of request.dirs) {
      for (const { name, partitions } of topics) {
        const results = byTopic.get(name) ?? new Map<number, number>();
        await slice.map(partitions, (partition) =>
          results.set(partition, move(path, name, partition, context)),
        );
        byTopic.set(name, results);
      }
    }
    const results = await slice.map(byTopic, async ([topicName, partitions]) => ({
      topicName,
      partitions: await slice.map(partitions, ([partitionIndex, errorCode]) => ({
        partitionIndex,
        errorCode,
      })),
    }));
    return { throttleTimeMs: 0, results };
  },
);
