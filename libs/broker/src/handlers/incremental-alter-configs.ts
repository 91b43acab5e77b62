import { apis } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt } from './answer-error.js';
import { describeBrokerConfigs, describeTopicConfigs, ResourceType } from './config-entries.js';
import { applyChange, ownSettings, replaceSettings } from './config-resources.js';

/* IncrementalAlterConfigs, versions 0 and 1: set, delete, append, subtract (KIP-339); all changes of a resource or none. */
export const incrementalAlterConfigs = defineHandler(
  apis.incrementalAlterConfigs,
  { versions: [0, 1] },
  (request, { broker }) => {
    const responses = request.resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      ...attempt(() => {
        const own = ownSettings({ resourceType, resourceName }, broker);
        const isTopic = resourceType === ResourceType.topic;
        const entries = isTopic
          ? describeTopicConfigs(own, broker.config)
          : describeBrokerConfigs(broker.config);
        const inForce = (name: string): string => entries.find((entry) => entry.name === name)?.value ?? '';
        let settings = own;
        for (const change of configs) settings = applyChange(settings, change, inForce);
        replaceSettings({ resourceType, resourceName }, settings, request.validateOnly, broker);
      }, broker.logger),
    }));
    return { throttleTimeMs: 0, responses };
  },
);
