import type { MessageHandler } from '@nestjs/microservices';
import type { EventSpec } from '@oubliette/serde';
import { eventInfoOf, isEventClass } from '../decorators/encrypted-event.js';
import type { EventClass } from '../decorators/encrypted-event.js';
import type { EncryptedTopicExtras, EncryptedTopicOptions } from '../decorators/encrypted-topic.js';
import { OublietteError } from '../errors.js';

const MAX_BATCH = 500;

/** One `@EncryptedTopic` method, ready to be called. */
export interface TopicHandler {
  /** Class and method, for messages. */
  readonly name: string;
  readonly topic: string | RegExp;
  matches(topic: string): boolean;
  readonly options: EncryptedTopicOptions;
  readonly groupId: string;
  /** 1 for a handler of single events. */
  readonly maxBatch: number;
  readonly types: ReadonlyMap<string, HandledType>;
  readonly call: MessageHandler;
}

/** An event type that a handler takes. */
export interface HandledType {
  readonly spec: EventSpec;
  readonly eventClass: EventClass;
}

/** Throws `HANDLER_INVALID` or `EVENT_CLASS_INVALID`. */
export function topicHandler(
  { oubliette }: EncryptedTopicExtras,
  call: MessageHandler,
  defaultGroupId: string,
): TopicHandler {
  const { topic, options, controller, method } = oubliette;
  const name = `${controller.constructor.name}.${String(method)}`;
  const maxBatch = options.batch === true ? (options.maxBatch ?? MAX_BATCH) : 1;
  if (!Number.isInteger(maxBatch) || maxBatch < 1 || maxBatch > 10_000) {
    throw new OublietteError('HANDLER_INVALID', `${name}: maxBatch must be a whole number from 1 to 10,000.`);
  }
  const types = new Map<string, HandledType>();
  for (const eventClass of eventClassesOf(name, oubliette)) {
    const { spec } = eventInfoOf(eventClass);
    types.set(spec.type, { spec, eventClass });
  }
  return {
    name,
    topic,
    matches: topicMatcher(topic),
    options,
    groupId: options.groupId ?? defaultGroupId,
    maxBatch,
    types,
    call,
  };
}

/** Dead-letter topics are never read through a regular expression: what is moved aside would come back. */
export const DEAD_LETTER_SUFFIX = '.dlt';

/** Whether a topic is one that was declared, by name or by regular expression. */
export function topicMatcher(declared: string | RegExp): (topic: string) => boolean {
  if (typeof declared === 'string') return (topic) => topic === declared;
  const pattern = subscriptionOf(declared);
  return (topic) => pattern.test(topic);
}

/** The regular expression to subscribe with: stateless, and blind to dead-letter topics. */
export function subscriptionOf(pattern: RegExp): RegExp {
  const flags = pattern.flags.replace(/[gy]/g, '');
  return new RegExp(`^(?!.*\\.dlt$).*?(?:${pattern.source})`, flags);
}

function eventClassesOf(name: string, extras: EncryptedTopicExtras['oubliette']): readonly EventClass[] {
  const { events } = extras.options;
  if (events !== undefined)
    return Array.isArray(events) ? (events as readonly EventClass[]) : [events as EventClass];
  const parameters = Reflect.getMetadata('design:paramtypes', extras.controller, extras.method) as
    unknown[] | undefined;
  const declared = (parameters ?? []).filter(isEventClass);
  if (declared.length === 1) return declared;
  throw new OublietteError(
    'HANDLER_INVALID',
    `${name}: its parameters do not say which events it takes. Declare the payload with an @EncryptedEvent class that is ` +
      'imported as a value, or give the option events.',
  );
}
