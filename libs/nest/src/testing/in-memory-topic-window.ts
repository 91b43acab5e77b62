import type { BareRecord, ReceivedRecord, ReplicaLog } from '@oubliette/kafka';
import type { TopicWindow } from '@oubliette/privacy';
import type { InMemoryCluster } from './in-memory-cluster.js';

/** A topic of an in-memory cluster whose cleaner and whose retention are always done: erasing waits for nothing but its own pauses. */
export function inMemoryTopicWindow(cluster: InMemoryCluster, topic: string): TopicWindow {
  const records = (partition: number) => cluster.partitions(topic)[partition] ?? [];
  const bury = (partition: number, keys: readonly string[]): Promise<void> => {
    for (const key of keys) cluster.append({ topic, partition, key: Buffer.from(key), value: null });
    return Promise.resolve();
  };
  const extent = (partition: number) => {
    const end = BigInt(records(partition).length);
    return { logStart: end, highWatermark: end };
  };
  return {
    topic,
    partitions: () => Promise.resolve([...cluster.partitions(topic).keys()]),
    replicas: () => Promise.resolve([{ broker: 1, isLive: true, isInSync: true, isLeader: true }]),
    readReplica: (partition) => Promise.resolve(compacted(records(partition))),
    end: (partition) => Promise.resolve(extent(partition).highWatermark),
    extent: (partition) => Promise.resolve(extent(partition)),
    appendedSince: (partition, at) =>
      Promise.resolve(records(partition).some(({ timestamp }) => timestamp >= at)),
    condition: () => Promise.resolve({ leader: 1, inSync: 1, minInSync: 1, openTransactions: [] }),
    bury,
    nudge: (partition) => bury(partition, ['oubliette.nudge']),
    settings: () =>
      Promise.resolve({
        segmentMs: 2_000,
        maxCompactionLagMs: 2_000,
        deleteRetentionMs: 86_400_000,
        fileDeleteDelayMs: 1_000,
        cleanerBackoffMs: 500,
        minCleanableDirtyRatio: 0,
        logAppendTime: true,
        timestampAfterMaxMs: 0,
      }),
    configs: async () => {
      const [found] = await cluster.admin().describeTopics([topic]);
      return { topic: new Map(Object.entries(found?.configs ?? {})), broker: new Map() };
    },
    close: () => Promise.resolve(),
  };
}

/** The last record of each key. */
function compacted(records: readonly ReceivedRecord[]): ReplicaLog {
  const last = new Map<string, ReceivedRecord>();
  for (const record of records) last.set(Buffer.from(record.key ?? []).toString('latin1'), record);
  return { logStart: 0n, highWatermark: BigInt(records.length), records: told(last) };
}

async function* told(last: ReadonlyMap<string, ReceivedRecord>): AsyncGenerator<BareRecord> {
  for (const [key, { value, offset, timestamp }] of last) {
    await Promise.resolve();
    yield { key, tombstone: value === null, offset, timestamp };
  }
}
