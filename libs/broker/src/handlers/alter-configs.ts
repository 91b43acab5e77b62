import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attemptLater } from './answer-error.js';
import { checkForm } from './config-changes.js';
import { changeSettings, type Resource } from './config-resources.js';
import { ResourceType } from './resource-type.js';

/*
 * AlterConfigs, versions 0 to 2: replaces everything that was set on the resource by what the request holds. What it does not name goes
 * back to its default, as in Kafka; IncrementalAlterConfigs is the one that leaves the rest alone.
 */
export const alterConfigs = defineHandler(
  apis.alterConfigs,
  { versions: [0, 2] },
  async (request, { broker }) => {
    const isRepeated = repeatedResources(request.resources);
    const outcomes = request.resources.map(async ({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      ...(await attemptLater(async () => {
        if (isRepeated({ resourceType, resourceName })) throw repeated();
        checkForm(configs);
        if (resourceType === ResourceType.brokerLogger) {
          throw new KafkaError('INVALID_REQUEST', `Unknown resource type ${resourceType}`);
        }
        const settings = Object.fromEntries(configs.map(({ name, value }) => [name, value ?? '']));
        const wanted = { change: () => settings, named: Object.keys(settings) };
        await changeSettings({ resourceType, resourceName }, wanted, request.validateOnly, broker);
      }, broker.logger)),
    }));
    return { throttleTimeMs: 0, responses: await Promise.all(outcomes) };
  },
);

/** A resource that stands twice in a request is refused both times: which of the two should win is not said. */
export function repeatedResources(resources: readonly Resource[]): (resource: Resource) => boolean {
  const count = new Map<string, number>();
  const key = ({ resourceType, resourceName }: Resource): string => `${resourceType}:${resourceName}`;
  for (const resource of resources) count.set(key(resource), (count.get(key(resource)) ?? 0) + 1);
  return (resource) => (count.get(key(resource)) ?? 0) > 1;
}

export function repeated(): KafkaError {
  return new KafkaError('INVALID_REQUEST', 'Each resource must appear at most once.');
}
