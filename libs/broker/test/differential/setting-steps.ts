import { apis } from '@oubliette/protocol';
import { brokerDefinitions } from '../../src/config/broker-definitions.js';
import type { ConfigDefinition } from '../../src/config/definition.js';
import { groupDefinitions } from '../../src/config/group-definitions.js';
import { topicDefinitions } from '../../src/config/topic-definitions.js';
import { edgesOf } from './setting-values.js';
import type { TwoEngines } from './two-engines.js';

/*
 * Every setting of topics, brokers and groups with the values at its edges, in every way that a client can set one: both engines take
 * and refuse the same, in the same words. Nothing is changed: all is only checked.
 */

const [topic, broker, group] = [2, 4, 32] as const;
const operations = ['set', 'delete', 'append', 'subtract'] as const;

/** One setting of one resource, each operation's. */
async function increment(
  engines: TwoEngines,
  resource: readonly [kind: number, name: string],
  name: string,
  configOperation: number,
  value: string | null,
): Promise<void> {
  const [resourceType, resourceName] = resource;
  const what = `${operations[configOperation] ?? ''} ${name}=${value ?? 'null'} of ${resourceType} '${resourceName}'`;
  await engines.ask(what, apis.incrementalAlterConfigs, 1, {
    validateOnly: true,
    resources: [{ resourceType, resourceName, configs: [{ name, configOperation, value }] }],
  });
}

async function whole(
  engines: TwoEngines,
  [resourceType, resourceName]: readonly [number, string],
  name: string,
  value: string | null,
): Promise<void> {
  await engines.ask(
    `alter ${name}=${value ?? 'null'} of ${resourceType} '${resourceName}'`,
    apis.alterConfigs,
    2,
    {
      validateOnly: true,
      resources: [{ resourceType, resourceName, configs: [{ name, value }] }],
    },
  );
}

async function create(engines: TwoEngines, name: string, value: string | null): Promise<void> {
  const configs = [{ name, value }];
  const plain = { name: 'never', numPartitions: 1, replicationFactor: 1, assignments: [] };
  await engines.ask(`create with ${name}=${value ?? 'null'}`, apis.createTopics, 7, {
    topics: [{ ...plain, configs }],
    timeoutMs: 10_000,
    validateOnly: true,
  });
}

/** Each operation on each value: what is no list takes no APPEND, and DELETE takes no notice of a value. */
async function everyOperation(
  engines: TwoEngines,
  resource: readonly [number, string],
  { name, type }: ConfigDefinition,
  edges: readonly string[],
): Promise<void> {
  for (const value of edges) await increment(engines, resource, name, 0, value);
  for (const operation of [1, 2, 3]) {
    const values = type === 'list' ? edges : ['1', ''];
    for (const value of [null, ...values]) await increment(engines, resource, name, operation, value);
  }
}

/**
 * `share`: of a setting's values only each so-many-th, others for each setting; 1 for all. What a client cannot change while the
 * broker runs is asked about once.
 */
export async function askAboutSettings(engines: TwoEngines, share: number): Promise<void> {
  let turn = 0;
  const some = (definition: ConfigDefinition): readonly string[] => {
    turn += 1;
    return edgesOf(definition).filter((_, index) => (index + turn) % share === 0);
  };
  await engines.create('settings');
  const inTopic = [topic, 'settings'] as const;
  for (const definition of topicDefinitions) {
    const edges = some(definition);
    await everyOperation(engines, inTopic, definition, edges);
    for (const value of [null, ...edges]) {
      await create(engines, definition.name, value);
      await whole(engines, inTopic, definition.name, value);
    }
  }
  const changeable = brokerDefinitions.filter(({ update }) => update !== 'read-only');
  const others = [
    ...groupDefinitions.map((definition) => [[group, 'settings'], definition] as const),
    ...changeable.map((definition) => [[broker, '1'], definition] as const),
    ...changeable.map((definition) => [[broker, ''], definition] as const),
  ];
  for (const [resource, definition] of others) {
    const edges = some(definition);
    await everyOperation(engines, resource, definition, edges);
    for (const value of [null, ...edges]) await whole(engines, resource, definition.name, value);
  }
  for (const { name, update } of brokerDefinitions) {
    if (update === 'read-only') await increment(engines, [broker, '1'], name, 0, '1');
  }
}
