import { NUDGE_KEY, type BareRecord, type ReceivedRecord, type ReplicaLog } from '@oubliette/kafka';
import type { LogWindow, TopicWindow } from '@oubliette/privacy';
import type { InMemoryCluster } from './in-memory-cluster.js';

/** A log with one replica that nothing holds up, and quick settings. */
export const soundLog: Pick<LogWindow, 'replicas' | 'condition' | 'settings'> = {
  replicas: () => Promise.resolve([{ broker: 1, isLive: true, isInSync: true, isLeader: true }]),
  condition: () => Promise.resolve({ leader: 1, inSync: 1, minInSync: 1, openTransactions: [] }),
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
};

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
    ...soundLog,
    topic,
    partitions: () => Promise.resolve([...cluster.partitions(topic).keys()]),
    readReplica: (partition) => Promise.resolve(compacted(records(partition))),
    end: (partition) => Promise.resolve(extent(partition).highWatermark),
    extent: (partition) => Promise.resolve(extent(partition)),
    appendedSince: (partition, at) =>
      Promise.resolve(records(partition).some(({ timestamp }) => timestamp >= at)),
    bury,
    nudge: (partition) => bury(partition, [NUDGE_KEY]),
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
