import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { TimeSlice } from '../log/time-slice.js';

/* DescribeLogDirs, versions 1 to 4: the one data directory, with the size and the free bytes of its volume from 4 on. */
export const describeLogDirs = defineHandler(
  apis.describeLogDirs,
  { versions: [1, 4] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const wanted =
      request.topics === null
        ? null
        : new Map(
            await slice.map(request.topics, ({ topic, partitions }) => [topic, new Set(partitions)] as const),
          );
    const byTopic = new Map<
      string,
      { partitionIndex: number; partitionSize: bigint; offsetLag: bigint; isFutureKey: boolean }[]
    >();
    await slice.map(broker.logs.all(), (log) => {
      if (!broker.topics.topics.has(log.topic)) return;
      if (wanted !== null && wanted.get(log.topic)?.has(log.partition) !== true) return;
      const partitions = byTopic.get(log.topic) ?? [];
      partitions.push({
        partitionIndex: log.partition,
        partitionSize: BigInt(log.sizeBytes),
        offsetLag: 0n,
        isFutureKey: false,
      });
      byTopic.set(log.topic, partitions);
    });
    const topics = await slice.map(byTopic, ([name, partitions]) => ({ name, partitions }));
    const results = [{ errorCode: ErrorCode.NONE, logDir: broker.dataDir, topics, ...broker.volume() }];
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results };
  },
);
