import { apis } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError, noError } from './answer-error.js';
import { describeBrokerConfigs, describeTopicConfigs, ResourceType } from './config-entries.js';
import { isThisBroker, ownSettings } from './config-resources.js';

/* DescribeConfigs, versions 1 to 4: topics and this broker. Documentation is always null. */
export const describeConfigs = defineHandler(
  apis.describeConfigs,
  { versions: [1, 4] },
  (request, { broker }) => {
    const results = request.resources.map(({ resourceType, resourceName, configurationKeys }) => {
      const wanted =
        configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys);
      try {
        const own = ownSettings({ resourceType, resourceName }, broker);
        const isTopic = resourceType === ResourceType.topic;
        const entries = isTopic
          ? describeTopicConfigs(own, broker.config)
          : describeBrokerConfigs(broker.config);
        // The empty broker name asks for what was set for all brokers, and only for that.
        const isClusterWide = !isTopic && !isThisBroker(resourceType, resourceName, broker);
        const configs = entries
          .filter(({ name }) => (wanted?.has(name) ?? true) && (!isClusterWide || own[name] !== undefined))
          .map((entry) => (request.includeSynonyms ? entry : { ...entry, synonyms: [] }));
        return { ...noError, resourceType, resourceName, configs };
      } catch (error) {
        return { ...answerError(error, broker.logger), resourceType, resourceName, configs: [] };
      }
    });
    return { throttleTimeMs: 0, results };
  },
);
