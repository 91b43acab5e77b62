import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/* DescribeLogDirs, versions 1 to 4: the one data directory, with the size and the free bytes of its volume from 4 on. */
export const describeLogDirs = defineHandler(
  apis.describeLogDirs,
  { versions: [1, 4] },
  (request, { broker }) => {
    const wanted =
      request.topics === null
        ? null
        : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
    const byTopic = new Map<
      string,
      { partitionIndex: number; partitionSize: bigint; offsetLag: bigint; isFutureKey: boolean }[]
    >();
    for (const log of broker.logs.all()) {
      if (!broker.topics.topics.has(log.topic)) continue;
      if (wanted !== null && wanted.get(log.topic)?.has(log.partition) !== true) continue;
      const partitions = byTopic.get(log.topic) ?? [];
      partitions.push({
        partitionIndex: log.partition,
        partitionSize: BigInt(log.sizeBytes),
        offsetLag: 0n,
        isFutureKey: false,
      });
      byTopic.set(log.topic, partitions);
    }
    const topics = [...byTopic].map(([name, partitions]) => ({ name, partitions }));
    const results = [{ errorCode: ErrorCode.NONE, logDir: broker.dataDir, topics, ...broker.volume() }];
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results };
  },
);
