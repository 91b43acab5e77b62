import { KafkaError } from '@oubliette/protocol';
import { brokerDefinition, checkBrokerValue } from '../config/broker-config.js';
import { listEntries, type ConfigDefinition } from '../config/definition.js';
import { topicDefinition } from '../config/topic-config.js';
import { BrokerError } from '../errors.js';
import type { BrokerServices } from '../server/broker-services.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { ResourceType } from './config-entries.js';

/** Whose settings a request is about. */
export interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export type Settings = Readonly<Record<string, string>>;

/** Operations of IncrementalAlterConfigs (org.apache.kafka.clients.admin.AlterConfigOp.OpType). */
export const AlterOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

/** The settings that were set on the resource itself. Throws KafkaError for one that is not there. */
export function ownSettings({ resourceType, resourceName }: Resource, broker: BrokerServices): Settings {
  if (resourceType === ResourceType.topic) {
    const topic = broker.topics.topics.get(resourceName);
    if (topic === undefined)
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic.');
    return topic.configs;
  }
  const { cluster, broker: own } = broker.registry.brokerConfigs;
  return isThisBroker(resourceType, resourceName, broker) ? own : cluster;
}

/** Replaces the resource's own settings; with `validateOnly` only checks. Throws KafkaError INVALID_CONFIG and others. */
export function replaceSettings(
  resource: Resource,
  settings: Settings,
  validateOnly: boolean,
  broker: BrokerServices,
): void {
  const { resourceType, resourceName } = resource;
  if (resourceType === ResourceType.topic) {
    ownSettings(resource, broker);
    if (isInternalTopic(resourceName) && (settings['cleanup.policy'] ?? 'compact') !== 'compact') {
      throw new KafkaError('INVALID_CONFIG', 'The committed offsets must stay compacted.');
    }
    if (validateOnly) broker.topics.checkConfigs(resourceName, settings);
    else broker.topics.setConfigs(resourceName, settings);
    return;
  }
  const isOwn = isThisBroker(resourceType, resourceName, broker);
  for (const [name, value] of Object.entries(settings)) checkDynamic(name, value);
  if (validateOnly) return;
  const { brokerConfigs } = broker.registry;
  const changed = isOwn ? { ...brokerConfigs, broker: settings } : { ...brokerConfigs, cluster: settings };
  broker.registry.setBrokerConfigs(changed);
  broker.config.setDynamic(new Map(Object.entries(changed.cluster)), new Map(Object.entries(changed.broker)));
  broker.topics.reconfigureAll();
}

function checkDynamic(name: string, value: string): void {
  if (brokerDefinition(name)?.dynamic !== true) {
    throw new KafkaError('INVALID_CONFIG', `Cannot update these configs dynamically: ${name}`);
  }
  try {
    checkBrokerValue(name, value);
  } catch (error) {
    if (error instanceof BrokerError) throw new KafkaError('INVALID_CONFIG', error.message, { cause: error });
    throw error;
  }
}

/** True for this broker by its id, false for all brokers (the empty name). Throws INVALID_REQUEST for anything else. */
export function isThisBroker(resourceType: number, resourceName: string, broker: BrokerServices): boolean {
  if (resourceType !== ResourceType.broker) {
    throw new KafkaError('INVALID_REQUEST', `Resources of type ${resourceType} have no settings here.`);
  }
  if (resourceName === '') return false;
  if (resourceName === String(broker.advertised.nodeId)) return true;
  throw new KafkaError('INVALID_REQUEST', `This is broker ${broker.advertised.nodeId}, there is no other.`);
}

/** What one change makes of the settings. `inForce`: the value that append and subtract start from when none is set. */
export function applyChange(
  settings: Settings,
  change: { readonly name: string; readonly configOperation: number; readonly value: string | null },
  inForce: (name: string) => string,
): Settings {
  const { name, configOperation, value } = change;
  const { [name]: current, ...others } = settings;
  if (configOperation === AlterOperation.delete) return others;
  if (value === null) throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`);
  if (configOperation === AlterOperation.set) return { ...others, [name]: value };
  if (configOperation !== AlterOperation.append && configOperation !== AlterOperation.subtract) {
    throw new KafkaError('INVALID_REQUEST', `Unknown operation ${configOperation}`);
  }
  const definition: Pick<ConfigDefinition, 'type'> | undefined =
    topicDefinition(name) ?? brokerDefinition(name);
  if (definition?.type !== 'list') {
    throw new KafkaError('INVALID_CONFIG', `Config value append or subtract is only for lists: ${name}`);
  }
  const entries = new Set(listEntries(current ?? inForce(name)));
  for (const entry of listEntries(value)) {
    if (configOperation === AlterOperation.append) entries.add(entry);
    else entries.delete(entry);
  }
  return { ...others, [name]: [...entries].join(',') };
}
