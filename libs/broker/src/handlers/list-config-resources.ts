import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { ResourceType } from './resource-type.js';

/* ListConfigResources, versions 0 (client metrics subscriptions only) and 1 (every kind, KIP-1142). */

function namesOf(kind: number, { registry, topics, advertised }: BrokerServices): readonly string[] {
  switch (kind) {
    case ResourceType.topic:
      return [...topics.topics.keys()];
    case ResourceType.group:
      return Object.keys(registry.resourceConfigs.group);
    case ResourceType.clientMetrics:
      return Object.keys(registry.resourceConfigs.clientMetrics);
    default:
      return [String(advertised.nodeId)];
  }
}

export const listConfigResources = defineHandler(
  apis.listConfigResources,
  { versions: [0, 1] },
  (request, { broker, version }) => {
    const { topic, broker: brokers, brokerLogger, clientMetrics, group } = ResourceType;
    const listed = version === 0 ? [clientMetrics] : [group, clientMetrics, brokerLogger, brokers, topic];
    const asked = version === 0 || request.resourceTypes.length === 0 ? listed : request.resourceTypes;
    if (asked.some((kind) => !listed.some((known) => known === kind))) {
      return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
    }
    const configResources = listed
      .filter((kind) => asked.includes(kind))
      .flatMap((resourceType) =>
        namesOf(resourceType, broker).map((resourceName) => ({ resourceName, resourceType })),
      );
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, configResources };
  },
);
