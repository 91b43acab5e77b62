import { baseName, brokerDefinition } from '../config/broker-config.js';
import { topicDefinition } from '../config/topic-config.js';
import type { BrokerServices } from '../server/broker-services.js';
import { ResourceType } from './resource-type.js';

/** A setting that changes nothing here is accepted, and that is said once; not when it asks for what is so anyway. */
export function sayWithoutEffect(
  resourceType: number,
  settings: Readonly<Record<string, string>>,
  broker: BrokerServices,
): void {
  for (const [name, value] of Object.entries(settings)) {
    const isTopics = resourceType === ResourceType.topic;
    const definition = isTopics ? topicDefinition(name) : brokerDefinition(baseName(name));
    const hasEffect = isTopics ? definition?.hasEffect === true : broker.config.hasEffect(name);
    if (hasEffect || definition?.defaultValue === value) continue;
    if (!broker.config.noteWithoutEffect(name)) continue;
    broker.logger.warn(`the setting ${name} has no effect on this broker; it is kept and shown`);
  }
}
