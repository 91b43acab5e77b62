import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt } from './answer-error.js';
import { replaceSettings } from './config-resources.js';

/*
 * AlterConfigs, versions 0 to 2: replaces everything that was set on the resource by what the request holds. What it does not name goes
 * back to its default, as in Kafka; IncrementalAlterConfigs is the one that leaves the rest alone.
 */
export const alterConfigs = defineHandler(apis.alterConfigs, { versions: [0, 2] }, (request, { broker }) => {
  const responses = request.resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    ...attempt(() => {
      const settings: Record<string, string> = {};
      for (const { name, value } of configs) {
        if (value === null) throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`);
        settings[name] = value;
      }
      replaceSettings({ resourceType, resourceName }, settings, request.validateOnly, broker);
    }, broker.logger),
  }));
  return { throttleTimeMs: 0, responses };
});
