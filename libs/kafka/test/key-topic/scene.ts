import type { KeyLogListener } from '@oubliette/keyring';
import { ManualClock } from '@oubliette/runtime/testing';
import { FollowedKeyTopic } from '../../src/key-topic/key-topic.js';
import type { KeyTopicProgress } from '../../src/key-topic/replay-progress.js';
import type { Replicas } from '../../src/partition-log/replicas.js';
import { silentLogger, type LogFields } from '../../src/logger.js';
import type { PartitionReader, TopicAdmin, TopicDescription } from '../../src/ports.js';
import { SimulatedLink } from './simulated-link.js';

export interface Scene {
  readonly clock: ManualClock;
  readonly link: SimulatedLink;
  readonly topic: FollowedKeyTopic;
  /** Records, restarts and ends of replays, in the order in which they came. */
  readonly seen: string[];
  readonly warnings: LogFields[];
  readonly errors: string[];
  readonly progress: KeyTopicProgress[];
  readonly listener: KeyLogListener;
  /** What the cluster has for `delete.retention.ms`; an error is what asking fails with. */
  inForce: string | undefined | Error;
}

export interface SceneOptions {
  /** As declared and, at first, in force; default a day. */
  readonly deleteRetentionMs?: number;
  /** Polls end with their waiting time; default: when the test lets them. */
  readonly timedPolls?: boolean;
  /** Tells `restarted` and `replayed` too; default false. */
  readonly tellsAll?: boolean;
}

/** A followed key topic on a simulated link and a manual clock. */
export function scene(partitions = 1, options: SceneOptions = {}): Scene {
  const { deleteRetentionMs = 86_400_000, timedPolls = false, tellsAll = false } = options;
  const clock = new ManualClock();
  const link = new SimulatedLink(partitions, timedPolls ? clock : null);
  const seen: string[] = [];
  const warnings: LogFields[] = [];
  const errors: string[] = [];
  const progress: KeyTopicProgress[] = [];
  const tell = (what: string): void => void (tellsAll && seen.push(what));
  const closing = { close: () => Promise.resolve() };
  const admin = {
    ...closing,
    describeTopics: (): Promise<TopicDescription[]> => {
      const { inForce } = made;
      if (inForce instanceof Error) return Promise.reject(inForce);
      const configs: Record<string, string> = inForce === undefined ? {} : { 'delete.retention.ms': inForce };
      return Promise.resolve([{ name: 'keys', partitions: [], configs }]);
    },
  };
  const topic = new FollowedKeyTopic({
    keyTopic: {
      topic: 'keys',
      partitions,
      replicationFactor: 1,
      segmentMs: 1,
      maxCompactionLagMs: 1,
      fileDeleteDelayMs: 1,
      deleteRetentionMs,
    },
    link,
    reader: closing as PartitionReader,
    replicas: closing as unknown as Replicas,
    admin: admin as unknown as TopicAdmin,
    clock,
    logger: {
      ...silentLogger,
      warn: (_, fields = {}) => warnings.push(fields),
      error: (message) => errors.push(message),
    },
    onProgress: (told) => progress.push(told),
  });
  const listener: KeyLogListener = {
    records: (records) => {
      for (const { partition, offset, key } of records)
        seen.push(`${partition}/${offset} ${new TextDecoder().decode(key)}`);
    },
    restarted: (partition) => tell(`restarted ${partition}`),
    replayed: (partition) => tell(`replayed ${partition}`),
  };
  const inForce: Scene['inForce'] = `${deleteRetentionMs}`;
  const made: Scene = { clock, link, topic, seen, warnings, errors, progress, listener, inForce };
  return made;
}
