import { KafkaError } from '@oubliette/protocol';
import { brokerDefinition } from '../config/broker-config.js';
import type { ConfigDefinition } from '../config/definition.js';
import type { Settings } from '../config/resource-checks.js';
import { topicDefinition } from '../config/topic-config.js';
import { ResourceType } from './resource-type.js';

/** Operations of IncrementalAlterConfigs (org.apache.kafka.clients.admin.AlterConfigOp.OpType). */
const operations = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'] as const;

/** One change of IncrementalAlterConfigs. */
export interface ConfigChange {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

/** What ConfigAdminManager refuses before it looks at the resource. Throws INVALID_REQUEST. */
export function checkForm(
  changes: readonly { readonly name: string; readonly value: string | null }[],
): void {
  if (new Set(changes.map(({ name }) => name)).size < changes.length) {
    throw new KafkaError('INVALID_REQUEST', 'Error due to duplicate config keys');
  }
  const isDelete = (change: object): boolean => 'configOperation' in change && change.configOperation === 1;
  const withoutValue = changes.filter((change) => change.value === null && !isDelete(change));
  if (withoutValue.length > 0) {
    const names = withoutValue.map(({ name }) => name).join(', ');
    throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${names}`);
  }
}

/** What the changes make of the settings. Throws INVALID_REQUEST and INVALID_CONFIG. */
export function applyChanges(
  resourceType: number,
  settings: Settings,
  changes: readonly ConfigChange[],
): Settings {
  const changed = new Map(Object.entries(settings));
  for (const change of changes) applyChange(resourceType, changed, change);
  return Object.fromEntries(changed);
}

function applyChange(resourceType: number, settings: Map<string, string>, change: ConfigChange): void {
  const { name, configOperation, value } = change;
  const current = settings.get(name);
  const operation = operations[configOperation];
  if (operation === undefined) {
    throw new KafkaError('INVALID_REQUEST', `Unknown operations type ${configOperation}`);
  }
  settings.delete(name);
  if (operation === 'DELETE') return;
  if (operation === 'SET') return void settings.set(name, value ?? '');
  const definition = definitionOf(resourceType, name);
  if (definition?.type !== 'list') refuseNoList(resourceType, operation, name);
  const entries = (current ?? definition?.defaultValue ?? '').split(',').filter((entry) => entry !== '');
  const given = new Set(splitAsJava(value ?? ''));
  const known = new Set(entries);
  const result =
    operation === 'APPEND'
      ? [...entries, ...[...given].filter((entry) => !known.has(entry))]
      : entries.filter((entry) => !given.has(entry));
  settings.set(name, result.join(','));
}

/** String.split(","): empty ends are dropped, and the empty text is one empty entry. */
function splitAsJava(text: string): readonly string[] {
  return text === '' ? [''] : text.replace(/,+$/, '').split(',');
}

function refuseNoList(resourceType: number, operation: 'APPEND' | 'SUBTRACT', name: string): never {
  const text =
    resourceType === ResourceType.broker
      ? `Config value ${operation.toLowerCase()} is not allowed for config key: ${name}`
      : `Can't ${operation} to key ${name} because its type is not LIST.`;
  throw new KafkaError('INVALID_CONFIG', text);
}

/** Kafka knows lists of topics and brokers only: it appends to no other resource's settings. */
function definitionOf(resourceType: number, name: string): ConfigDefinition | undefined {
  if (resourceType === ResourceType.topic) return topicDefinition(name);
  return resourceType === ResourceType.broker ? brokerDefinition(name) : undefined;
}
