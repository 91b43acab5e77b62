import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { refuseTopicName } from '../topics/topic-name.js';
import { answerError } from './answer-error.js';
import {
  type ConfigEntry,
  describeBrokerConfigs,
  describeClientMetricsConfigs,
  describeClusterConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
} from './config-entries.js';
import { ownSettings, type Resource } from './config-resources.js';
import { ResourceType } from './resource-type.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * DescribeConfigs, versions 1 to 4: topics, this broker (by its id), what was changed for all brokers (the empty name), groups and
 * client metrics subscriptions, which exist for every name. There are no loggers to describe.
 */

type Asked = RequestOf<'describeConfigs'>['resources'][number];

const invalid = (text: string): KafkaError => new KafkaError('INVALID_REQUEST', text);

function describe(resource: Resource, broker: BrokerServices): ConfigEntry[] {
  const { resourceType, resourceName } = resource;
  switch (resourceType) {
    case ResourceType.topic: {
      const why = refuseTopicName(resourceName);
      if (why !== null) throw new KafkaError('INVALID_TOPIC_EXCEPTION', why);
      if (!broker.topics.topics.has(resourceName)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
      return describeTopicConfigs(ownSettings(resource, broker), broker.config);
    }
    case ResourceType.broker:
      if (resourceName === '') return describeClusterConfigs(broker.config);
      checkBrokerId(resourceName, broker, ' or empty string,');
      return describeBrokerConfigs(broker.config);
    case ResourceType.brokerLogger:
      if (resourceName === '') throw invalid('Broker id must not be empty');
      checkBrokerId(resourceName, broker, '');
      return [];
    case ResourceType.clientMetrics:
      if (resourceName === '') throw invalid('Client metrics subscription name must not be empty');
      return describeClientMetricsConfigs(ownSettings(resource, broker));
    case ResourceType.group:
      if (resourceName === '') throw invalid('Group name must not be empty');
      return describeGroupConfigs(ownSettings(resource, broker), broker.config);
    default:
      throw invalid(`Unexpected resource type UNKNOWN for resource ${resourceName}`);
  }
}

function checkBrokerId(name: string, broker: BrokerServices, orElse: string): void {
  const { nodeId } = broker.advertised;
  if (!/^[+-]?\d{1,10}$/.test(name)) throw invalid(`Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== nodeId) {
    throw invalid(`Unexpected broker id, expected ${nodeId}${orElse} but received ${name}`);
  }
}

/** One that is asked for again is answered once: a hundred kilobytes would ask for gigabytes. Kafka repeats it, its clients do not. */
async function withoutRepeats(resources: readonly Asked[], slice: TimeSlice): Promise<Iterable<Asked>> {
  const byKey = new Map<string, Asked>();
  await slice.map(resources, (resource) => {
    const { resourceType, resourceName, configurationKeys } = resource;
    byKey.set(JSON.stringify([resourceType, resourceName, configurationKeys]), resource);
  });
  return byKey.values();
}

function answerResource(
  { resourceType, resourceName, configurationKeys }: Asked,
  { includeSynonyms, includeDocumentation }: RequestOf<'describeConfigs'>,
  broker: BrokerServices,
) {
  const wanted =
    configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys);
  try {
    const configs = describe({ resourceType, resourceName }, broker)
      .filter(({ name }) => wanted?.has(name) ?? true)
      .map((entry) => ({
        ...entry,
        synonyms: includeSynonyms ? entry.synonyms : [],
        documentation: includeDocumentation ? entry.documentation : null,
      }));
    // Kafka's answer has an empty text here, where others have none.
    return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs };
  } catch (error) {
    const { errorCode, errorMessage } = answerError(error, broker.logger);
    return { errorCode, errorMessage: errorMessage ?? '', resourceType, resourceName, configs: [] };
  }
}

export const describeConfigs = defineHandler(
  apis.describeConfigs,
  { versions: [1, 4] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const once = await withoutRepeats(request.resources, slice);
    const results = await slice.map(once, (resource) => answerResource(resource, request, broker));
    return { throttleTimeMs: 0, results };
  },
);
