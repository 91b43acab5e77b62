import { baseName, brokerDefinition } from '../config/broker-config.js';
import { topicDefinition } from '../config/topic-config.js';
import type { BrokerServices } from '../server/broker-services.js';
import { ResourceType } from './resource-type.js';

/** A setting that changes nothing here is accepted, and that is said once. */
export function sayWithoutEffect(
  resourceType: number,
  names: readonly string[],
  broker: BrokerServices,
): void {
  for (const name of names) {
    const definition =
      resourceType === ResourceType.topic ? topicDefinition(name) : brokerDefinition(baseName(name));
    if (definition?.hasEffect === true || !broker.config.noteWithoutEffect(name)) continue;
    broker.logger.warn(`the setting ${name} has no effect on this broker; it is kept and shown`);
  }
}
