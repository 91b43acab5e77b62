import { apis, KafkaError } from '@oubliette/protocol';
import type { Settings } from '../config/resource-checks.js';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { repeated, repeatedResources } from './alter-configs.js';
import { attemptLater } from './answer-error.js';
import { applyChanges, checkForm, type ConfigChange } from './config-changes.js';
import { changeSettings, type Resource } from './config-resources.js';
import { ResourceType } from './resource-type.js';

/* IncrementalAlterConfigs, versions 0 and 1: set, delete, append, subtract (KIP-339); all changes of a resource or none. */

async function alter(
  resource: Resource,
  changes: readonly ConfigChange[],
  validateOnly: boolean,
  broker: BrokerServices,
): Promise<void> {
  checkForm(changes);
  if (resource.resourceType === ResourceType.brokerLogger) {
    changeLoggers(resource.resourceName, changes, broker);
    return;
  }
  const change = (own: Settings): Settings => applyChanges(resource.resourceType, own, changes);
  const named = changes.map(({ name }) => name);
  await changeSettings(resource, { change, named }, validateOnly, broker);
}

/** Kafka's loggers are Java classes; none of them is here. */
function changeLoggers(name: string, changes: readonly ConfigChange[], broker: BrokerServices): void {
  const { nodeId } = broker.advertised;
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    throw new KafkaError('INVALID_REQUEST', `Node id must be an integer, but it is: ${name}`);
  }
  if (Number(name) !== nodeId) {
    throw new KafkaError('INVALID_REQUEST', `Unexpected node id. Expected ${nodeId}, but received ${name}`);
  }
  const [first] = changes;
  if (first !== undefined) {
    throw new KafkaError('INVALID_CONFIG', `Logger ${first.name} does not exist!`);
  }
}

export const incrementalAlterConfigs = defineHandler(
  apis.incrementalAlterConfigs,
  { versions: [0, 1] },
  async (request, { broker }) => {
    const isRepeated = repeatedResources(request.resources);
    const outcomes = request.resources.map(async ({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      ...(await attemptLater(async () => {
        const resource = { resourceType, resourceName };
        if (isRepeated(resource)) throw repeated();
        await alter(resource, configs, request.validateOnly, broker);
      }, broker.logger)),
    }));
    return { throttleTimeMs: 0, responses: await Promise.all(outcomes) };
  },
);
