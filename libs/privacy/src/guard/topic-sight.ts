import type { LogInspection, TopicAdmin, TopicDescription } from '@oubliette/kafka';
import { knownSettingNames } from './setting-names.js';

type Configs = Readonly<Record<string, string>>;

/** What a guard knows of one topic of a live cluster, or of one that would be made. */
export interface TopicSight {
  readonly description: TopicDescription;
  /** Settings of the brokers that hold it: each cleans by its own. At least one. */
  readonly brokers: readonly Configs[];
  /** What the brokers say about its logs; null where nobody asked. */
  readonly inspection: LogInspection | null;
}

/** What a guard asks of a cluster. A view that cannot inspect logs leaves that out: the verdict then says so. */
export type ClusterView = Pick<TopicAdmin, 'describeTopics' | 'brokerConfigs'> &
  Partial<Pick<TopicAdmin, 'inspectLogs'>>;

/** What is read of a broker beyond the guard's formulas. */
const brokerSettings = ['auto.create.topics.enable'];

/** Reads topics, their brokers' settings and their logs' state. Errors are the admin client's. */
export async function seeTopics(cluster: ClusterView, names: readonly string[]): Promise<TopicSight[]> {
  if (names.length === 0) return [];
  const wanted = [...knownSettingNames(), ...brokerSettings];
  const [descriptions, usual, inspection] = await Promise.all([
    cluster.describeTopics(names),
    cluster.brokerConfigs(),
    cluster.inspectLogs?.(names, wanted) ?? null,
  ]);
  return descriptions.map((description) => {
    const holders = new Set(description.partitions.flatMap(({ replicas }) => replicas));
    const brokers = (inspection?.brokers ?? []).filter(({ nodeId }) => holders.has(nodeId));
    return {
      description,
      brokers: brokers.length > 0 ? brokers.map(({ configs }) => configs) : [usual],
      inspection,
    };
  });
}
