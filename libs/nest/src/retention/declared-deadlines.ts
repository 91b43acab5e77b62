import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { parseDuration } from '@oubliette/runtime';
import { extrasOf } from '../boot/pattern-extras.js';
import type { EncryptedTopicExtras } from '../decorators/encrypted-topic.js';
import { OublietteError, codeOf } from '../errors.js';

/** The `erasureDeadline` of a handler, for the topic or the topics that it names. */
export interface DeclaredDeadline {
  readonly handler: string;
  readonly topic: string | RegExp;
  readonly deadlineMs: number;
}

/** All that an application's controllers promise. Throws `HANDLER_INVALID` for what is no duration. */
export function declaredDeadlines(discovery: DiscoveryService, scanner: MetadataScanner): DeclaredDeadline[] {
  return discovery.getControllers().flatMap(({ instance }) => {
    const controller: unknown = instance;
    if (typeof controller !== 'object' || controller === null) return [];
    const prototype = Object.getPrototypeOf(controller) as object;
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const extras = extrasOf(prototype, method);
      return extras === null ? [] : deadlineOf(extras);
    });
  });
}

function deadlineOf({ oubliette }: EncryptedTopicExtras): DeclaredDeadline[] {
  const { topic, options, controller, method } = oubliette;
  const handler = `${controller.constructor.name}.${String(method)}`;
  const { erasureDeadline } = options;
  if (erasureDeadline === undefined) return [];
  const deadlineMs = typeof erasureDeadline === 'number' ? erasureDeadline : msOf(erasureDeadline);
  if (!Number.isSafeInteger(deadlineMs) || deadlineMs <= 0) {
    throw new OublietteError(
      'HANDLER_INVALID',
      `${handler}: erasureDeadline must be a positive duration, e.g. 24h, or whole milliseconds.`,
    );
  }
  return [{ handler, topic, deadlineMs }];
}

/** NaN for a text that is no duration. */
function msOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (codeOf(error) === 'DURATION_INVALID') return Number.NaN;
    throw error;
  }
}
