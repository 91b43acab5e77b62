import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import type { EncryptedTopicExtras } from '../decorators/encrypted-topic.js';

/** What `@EncryptedTopic` left on a method; null when it is no such handler. */
function extrasOf(prototype: object, method: string): EncryptedTopicExtras | null {
  const handler: unknown = Reflect.get(prototype, method);
  if (typeof handler !== 'function') return null;
  const extras: unknown = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, handler);
  if (typeof extras !== 'object' || extras === null || !('oubliette' in extras)) return null;
  return extras as EncryptedTopicExtras;
}

/** The same of all handlers of an application's controllers. */
export function topicExtras(discovery: DiscoveryService, scanner: MetadataScanner): EncryptedTopicExtras[] {
  return discovery.getControllers().flatMap(({ instance }) => {
    const controller: unknown = instance;
    if (typeof controller !== 'object' || controller === null) return [];
    const prototype = Object.getPrototypeOf(controller) as object;
    return scanner.getAllMethodNames(prototype).flatMap((method) => extrasOf(prototype, method) ?? []);
  });
}
