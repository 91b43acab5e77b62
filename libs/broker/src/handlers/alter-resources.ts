import { KafkaError } from '@oubliette/protocol';
import type { BrokerServices } from '../server/broker-services.js';
import { attemptLater, type AnsweredError } from './answer-error.js';
import { checkForm } from './config-changes.js';
import { changeSettings, type Change, type Resource } from './config-resources.js';
import { TimeSlice } from '../log/time-slice.js';

/** A resource as AlterConfigs and IncrementalAlterConfigs name it. */
interface AlteredResource extends Resource {
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

interface AlterRequest<R> {
  readonly resources: readonly R[];
  readonly validateOnly: boolean;
}

/**
 * The way of both APIs: each resource has its own outcome. `changeOf` says what is to become of its settings, null for nothing; it throws
 * KafkaError.
 */
export async function alterResources<R extends AlteredResource>(
  { resources, validateOnly }: AlterRequest<R>,
  changeOf: (resource: R) => Change | null,
  broker: BrokerServices,
): Promise<{ throttleTimeMs: number; responses: (Resource & AnsweredError)[] }> {
  const isRepeated = repeatedResources(resources);
  const responses = await new TimeSlice(broker.clock).mapTogether(resources, async (resource) => {
    const { resourceType, resourceName, configs } = resource;
    const outcome = await attemptLater(async () => {
      if (isRepeated(resource)) {
        throw new KafkaError('INVALID_REQUEST', 'Each resource must appear at most once.');
      }
      checkForm(configs);
      const change = changeOf(resource);
      if (change !== null) await changeSettings(resource, change, validateOnly, broker);
    }, broker.logger);
    return { resourceType, resourceName, ...outcome };
  });
  return { throttleTimeMs: 0, responses };
}

/** A resource that stands twice in a request is refused both times: which of the two should win is not said. */
function repeatedResources(resources: readonly Resource[]): (resource: Resource) => boolean {
  const count = new Map<string, number>();
  const key = ({ resourceType, resourceName }: Resource): string => `${resourceType}:${resourceName}`;
  for (const resource of resources) count.set(key(resource), (count.get(key(resource)) ?? 0) + 1);
  return (resource) => (count.get(key(resource)) ?? 0) > 1;
}
