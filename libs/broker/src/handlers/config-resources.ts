import { KafkaError } from '@oubliette/protocol';
import {
  checkClientMetricsSettings,
  checkDynamicSettings,
  checkGroupSettings,
  refuseAs,
  type Settings,
} from '../config/resource-checks.js';
import type { BrokerServices } from '../server/broker-services.js';
import { ownOf, type BrokerConfigs } from '../topics/cluster-image.js';
import { refuseTopicName } from '../topics/topic-name.js';
import { ResourceType } from './resource-type.js';
import { sayWithoutEffect } from './without-effect.js';

/** Whose settings a request is about. */
export interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

const maxValueLength = 32_767;
/** LogCleaner.RECONFIGURABLE_CONFIGS */
const cleanerSettings = [
  'log.cleaner.threads',
  'log.cleaner.dedupe.buffer.size',
  'log.cleaner.io.buffer.load.factor',
  'log.cleaner.io.buffer.size',
  'message.max.bytes',
  'log.cleaner.io.max.bytes.per.second',
  'log.cleaner.backoff.ms',
];

/** True for this broker by its id, false for all brokers (the empty name). Throws INVALID_REQUEST for anything else. */
export function isThisBroker(resourceName: string, broker: BrokerServices): boolean {
  if (resourceName === '') return false;
  const { nodeId } = broker.advertised;
  if (!/^[+-]?\d{1,10}$/.test(resourceName)) {
    throw new KafkaError('INVALID_REQUEST', `Node id must be an integer, but it is: ${resourceName}`);
  }
  if (Number(resourceName) === nodeId) return true;
  throw new KafkaError(
    'INVALID_REQUEST',
    `Unexpected broker id, expected ${nodeId}, but received ${resourceName}`,
  );
}

/** The settings that were set on the resource itself; none for one that is not there. */
export function ownSettings({ resourceType, resourceName }: Resource, broker: BrokerServices): Settings {
  const { cluster, broker: own } = broker.registry.brokerConfigs;
  switch (resourceType) {
    case ResourceType.topic:
      return broker.topics.topics.get(resourceName)?.configs ?? {};
    case ResourceType.broker:
      return isThisBroker(resourceName, broker) ? own : cluster;
    case ResourceType.group:
      return ownOf(broker.registry.resourceConfigs.group, resourceName);
    case ResourceType.clientMetrics:
      return ownOf(broker.registry.resourceConfigs.clientMetrics, resourceName);
    default:
      throw new KafkaError('INVALID_REQUEST', `Unknown resource type ${resourceType}`);
  }
}

/** What a resource's settings are to become, and the names that the request spoke of, be it to remove them. */
export interface Change {
  /** Called with the settings that are stored when it is made. Throws KafkaError. */
  readonly change: (own: Settings) => Settings;
  readonly named: readonly string[];
}

interface Wanted {
  readonly settings: Settings;
  readonly named: readonly string[];
}

/**
 * Changes the resource's own settings; with `validateOnly` only checks. It is checked against what is seen now and once more against
 * what is stored when it is made: another request may come in between. Refusals are Kafka's: INVALID_CONFIG for topics and groups,
 * INVALID_REQUEST for brokers, UNKNOWN_TOPIC_OR_PARTITION after everything else was found good; KAFKA_STORAGE_ERROR.
 */
export async function changeSettings(
  resource: Resource,
  { change, named }: Change,
  validateOnly: boolean,
  broker: BrokerServices,
): Promise<void> {
  let changed: Settings = {};
  const decide = (own: Settings, configs: BrokerConfigs): Settings => {
    const settings = change(own);
    changed = checkLengths(own, settings);
    check(resource, { settings, named }, configs, broker);
    return settings;
  };
  decide(ownSettings(resource, broker), broker.registry.brokerConfigs);
  if (validateOnly) return;
  await store(resource, decide, broker);
  sayWithoutEffect(resource.resourceType, changed, broker);
}

/** Returns what becomes another value. Throws INVALID_CONFIG. */
function checkLengths(own: Settings, settings: Settings): Settings {
  const changed = Object.entries(settings).filter(([name, value]) => own[name] !== value);
  if (changed.some(([, value]) => value.length > maxValueLength)) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `The configuration value cannot be added because it exceeds the maximum value size of ${maxValueLength} bytes.`,
    );
  }
  return Object.fromEntries(changed);
}

function check(
  { resourceType, resourceName }: Resource,
  wanted: Wanted,
  { cluster, broker: own }: BrokerConfigs,
  broker: BrokerServices,
): void {
  const { settings } = wanted;
  switch (resourceType) {
    case ResourceType.topic:
      checkTopic(resourceName, settings, broker);
      return;
    case ResourceType.broker: {
      const isOwn = isThisBroker(resourceName, broker);
      checkDynamicSettings(settings, isOwn);
      refuseAs('INVALID_REQUEST', () => {
        const maps = [isOwn ? cluster : settings, isOwn ? settings : own] as const;
        broker.config.checkDynamic(new Map(Object.entries(maps[0])), new Map(Object.entries(maps[1])));
      });
      checkMinInsync(isOwn ? own : cluster, wanted, isOwn);
      return;
    }
    case ResourceType.group:
      if (resourceName === '') {
        throw new KafkaError('INVALID_REQUEST', 'Default group resources are not allowed.');
      }
      checkGroupSettings(settings, broker.config);
      return;
    default:
      if (resourceName === '') {
        throw new KafkaError('INVALID_REQUEST', "Subscription name can't be empty");
      }
      checkClientMetricsSettings(settings);
  }
}

/** With eligible leader replicas the setting stands for all brokers, and only there (ConfigurationControlManager). */
function checkMinInsync(current: Settings, { settings, named }: Wanted, isOwn: boolean): void {
  const name = 'min.insync.replicas';
  const isRemoved = current[name] !== undefined && settings[name] === undefined;
  if (isRemoved || (isOwn && named.includes(name))) {
    const text = isOwn ? `Broker-level ${name} cannot be altered` : `Cluster-level ${name} cannot be removed`;
    throw new KafkaError('INVALID_CONFIG', `${text} while ELR is enabled.`);
  }
}

function checkTopic(name: string, settings: Settings, broker: BrokerServices): void {
  if (name === '') throw new KafkaError('INVALID_REQUEST', 'Default topic resources are not allowed.');
  const why = refuseTopicName(name);
  if (why !== null) throw new KafkaError('INVALID_TOPIC_EXCEPTION', why);
  broker.topics.checkConfigs(settings);
  if (!broker.topics.topics.has(name)) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`);
  }
}

async function store(
  { resourceType, resourceName }: Resource,
  decide: (own: Settings, configs: BrokerConfigs) => Settings,
  broker: BrokerServices,
): Promise<void> {
  const { registry, topics } = broker;
  if (resourceType === ResourceType.topic) {
    await topics.changeConfigs(resourceName, (own) => decide(own, registry.brokerConfigs));
  } else if (resourceType === ResourceType.broker) {
    await storeBroker(isThisBroker(resourceName, broker), decide, broker);
  } else {
    const kind = resourceType === ResourceType.group ? 'group' : 'clientMetrics';
    await registry.changeResourceConfigs(kind, resourceName, (own) => decide(own, registry.brokerConfigs));
  }
}

async function storeBroker(
  isOwn: boolean,
  decide: (own: Settings, configs: BrokerConfigs) => Settings,
  { registry, topics, config, logs }: BrokerServices,
): Promise<void> {
  const cleanerBefore = cleanerValues(config);
  await registry.changeBrokerConfigs((configs) =>
    isOwn
      ? { ...configs, broker: decide(configs.broker, configs) }
      : { ...configs, cluster: decide(configs.cluster, configs) },
  );
  const { cluster, broker: own } = registry.brokerConfigs;
  config.setDynamic(new Map(Object.entries(cluster)), new Map(Object.entries(own)));
  topics.reconfigureAll();
  if (cleanerValues(config) !== cleanerBefore) logs.cleanerChanged();
}

/** What LogCleaner takes up while it runs, all in one text. */
function cleanerValues(config: BrokerServices['config']): string {
  return cleanerSettings.map((name) => config.value(name)).join();
}
