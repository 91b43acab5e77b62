import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { alterResources } from './alter-resources.js';
import { ResourceType } from './resource-type.js';

/*
 * AlterConfigs, versions 0 to 2: replaces everything that was set on the resource by what the request holds. What it does not name goes
 * back to its default, as in Kafka; IncrementalAlterConfigs is the one that leaves the rest alone.
 */
export const alterConfigs = defineHandler(apis.alterConfigs, { versions: [0, 2] }, (request, { broker }) =>
  alterResources(
    request,
    ({ resourceType, configs }) => {
      if (resourceType === ResourceType.brokerLogger) {
        throw new KafkaError('INVALID_REQUEST', `Unknown resource type ${resourceType}`);
      }
      const settings = Object.fromEntries(configs.map(({ name, value }) => [name, value ?? '']));
      return { change: () => settings, named: Object.keys(settings) };
    },
    broker,
  ),
);
