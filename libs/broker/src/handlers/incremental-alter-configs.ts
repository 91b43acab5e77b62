import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { alterResources } from './alter-resources.js';
import { applyChanges, type ConfigChange } from './config-changes.js';
import { ResourceType } from './resource-type.js';

/* IncrementalAlterConfigs, versions 0 and 1: set, delete, append, subtract (KIP-339); all changes of a resource or none. */

export const incrementalAlterConfigs = defineHandler(
  apis.incrementalAlterConfigs,
  { versions: [0, 1] },
  (request, { broker }) =>
    alterResources(
      request,
      ({ resourceType, resourceName, configs }) => {
        if (resourceType === ResourceType.brokerLogger) return refuseLoggers(resourceName, configs, broker);
        return {
          change: (own) => applyChanges(resourceType, own, configs),
          named: configs.map(({ name }) => name),
        };
      },
      broker,
    ),
);

/** Kafka's loggers are Java classes; none of them is here. Null where the request names none. */
function refuseLoggers(name: string, changes: readonly ConfigChange[], broker: BrokerServices): null {
  const { nodeId } = broker.advertised;
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    throw new KafkaError('INVALID_REQUEST', `Node id must be an integer, but it is: ${name}`);
  }
  if (Number(name) !== nodeId) {
    throw new KafkaError('INVALID_REQUEST', `Unexpected node id. Expected ${nodeId}, but received ${name}`);
  }
  const [first] = changes;
  if (first === undefined) return null;
  throw new KafkaError('INVALID_CONFIG', `Logger ${first.name} does not exist!`);
}
