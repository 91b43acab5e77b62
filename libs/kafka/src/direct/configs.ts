import { KafkaError, apis } from '@oubliette/protocol';
import type { Cluster } from './cluster.js';
import type { Connection } from './connection.js';

/** A topic by name, or a broker by node id. */
export type ConfigResource =
  { readonly type: 'topic'; readonly name: string } | { readonly type: 'broker'; readonly nodeId: number };

export interface ConfigEntry {
  readonly name: string;
  /** Null when it is sensitive. */
  readonly value: string | null;
  readonly isSensitive: boolean;
  readonly isReadOnly: boolean;
  /** Kafka's ConfigSource: 1 topic, 2 and 3 dynamic broker, 4 static broker, 5 default. */
  readonly source: number;
}

export interface ConfigChange {
  readonly name: string;
  readonly operation: 'set' | 'delete' | 'append' | 'subtract';
  /** Null with `delete`. */
  readonly value: string | null;
}

const RESOURCE_TYPE = { topic: 2, broker: 4 } as const;
const OPERATION = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

function nameOf(resource: ConfigResource): string {
  return resource.type === 'topic' ? resource.name : `${resource.nodeId}`;
}

/** A broker's own settings only that broker knows. */
function connectionFor(cluster: Cluster, resource: ConfigResource): Promise<Connection> {
  return resource.type === 'broker' ? cluster.node(resource.nodeId) : cluster.any();
}

export async function describeConfigsOnce(
  cluster: Cluster,
  resource: ConfigResource,
  names: readonly string[] | null,
): Promise<ConfigEntry[]> {
  const connection = await connectionFor(cluster, resource);
  const answer = await connection.send(apis.describeConfigs, {
    resources: [
      {
        resourceType: RESOURCE_TYPE[resource.type],
        resourceName: nameOf(resource),
        configurationKeys: names,
      },
    ],
  });
  const [result] = answer.results;
  if (result === undefined || result.errorCode !== 0) {
    throw new KafkaError(
      result?.errorCode ?? 'UNKNOWN_SERVER_ERROR',
      `cannot describe ${resource.type} ${nameOf(resource)}`,
    );
  }
  return result.configs.map(({ name, value, isSensitive, readOnly, configSource }) => ({
    name,
    value,
    isSensitive,
    isReadOnly: readOnly,
    source: configSource,
  }));
}

/** Changes single settings and leaves the others (KIP-339). */
export async function alterConfigsOnce(
  cluster: Cluster,
  resource: ConfigResource,
  changes: readonly ConfigChange[],
): Promise<void> {
  const connection = await connectionFor(cluster, resource);
  const answer = await connection.send(apis.incrementalAlterConfigs, {
    resources: [
      {
        resourceType: RESOURCE_TYPE[resource.type],
        resourceName: nameOf(resource),
        configs: changes.map(({ name, operation, value }) => ({
          name,
          configOperation: OPERATION[operation],
          value,
        })),
      },
    ],
    validateOnly: false,
  });
  const [result] = answer.responses;
  if (result === undefined || result.errorCode !== 0) {
    const why = result?.errorMessage ?? 'no answer';
    throw new KafkaError(
      result?.errorCode ?? 'UNKNOWN_SERVER_ERROR',
      `cannot alter ${resource.type} ${nameOf(resource)}: ${why}`,
    );
  }
}
