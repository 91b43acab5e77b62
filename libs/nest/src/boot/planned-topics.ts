import type { TopicAdmin, TopicDescription, TopicSpec } from '@oubliette/kafka';

/** What the guard asks of a cluster. */
export type TopicView = Pick<TopicAdmin, 'listTopics' | 'describeTopics' | 'brokerConfigs'>;

/** A cluster as it would be with `planned` topics, none of which it has. */
export function withPlanned(admin: TopicAdmin, planned: readonly TopicSpec[]): TopicView {
  const specs = new Map(planned.map((spec) => [spec.name, spec]));
  return {
    listTopics: async () => [...(await admin.listTopics()), ...specs.keys()],
    brokerConfigs: () => admin.brokerConfigs(),
    describeTopics: async (names) => {
      const wanted = names.flatMap((name) => specs.get(name) ?? []);
      const standing = await admin.describeTopics(names.filter((name) => !specs.has(name)));
      if (wanted.length === 0) return standing;
      const broker = await admin.brokerConfigs();
      return [...standing, ...wanted.map((spec) => describe(spec, broker))];
    },
  };
}

/** All replicas in sync, as those of a topic are that was just made; what the topic does not set is the broker's, as ever. */
function describe(spec: TopicSpec, broker: Readonly<Record<string, string>>): TopicDescription {
  const usual = Number(broker['default.replication.factor'] ?? 1);
  const replicas = Array.from({ length: spec.replicationFactor ?? usual }, (_, index) => index);
  const partitions = Array.from({ length: spec.partitions }, (_, partition) => ({
    partition,
    leader: 0,
    replicas,
    isr: replicas,
  }));
  return { name: spec.name, partitions, configs: spec.configs ?? {} };
}
