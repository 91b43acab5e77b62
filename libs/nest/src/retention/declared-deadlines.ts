import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { parseDuration } from '@oubliette/runtime';
import { topicExtras } from '../boot/pattern-extras.js';
import type { EncryptedTopicExtras } from '../decorators/encrypted-topic.js';
import { OublietteError, codeOf } from '../errors.js';

/** The `erasureDeadline` of a handler, for the topic or the topics that it names. */
export interface DeclaredDeadline {
  /** Who declares it, for messages. */
  readonly place: string;
  readonly topic: string | RegExp;
  /** null: of a topic whose records end in a way that needs a bound, whichever. */
  readonly deadlineMs: number | null;
}

/** All that an application's controllers promise. Throws `HANDLER_INVALID` for what is no duration. */
export function declaredDeadlines(discovery: DiscoveryService, scanner: MetadataScanner): DeclaredDeadline[] {
  return topicExtras(discovery, scanner).flatMap(deadlineOf);
}

function deadlineOf({ oubliette }: EncryptedTopicExtras): DeclaredDeadline[] {
  const { topic, options, controller, method } = oubliette;
  const place = `${controller.constructor.name}.${String(method)}`;
  const { erasureDeadline } = options;
  if (erasureDeadline === undefined) return [];
  const deadlineMs = typeof erasureDeadline === 'number' ? erasureDeadline : msOf(erasureDeadline);
  if (!Number.isSafeInteger(deadlineMs) || deadlineMs <= 0) {
    throw new OublietteError(
      'HANDLER_INVALID',
      `${place}: erasureDeadline must be a positive duration, e.g. 24h, or whole milliseconds.`,
    );
  }
  return [{ place, topic, deadlineMs }];
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
