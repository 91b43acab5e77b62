import { EventPattern } from '@nestjs/microservices';
import type { ErasureWay } from '@oubliette/privacy';
import type { EventClass } from './encrypted-event.js';

/** Handlers with this transport id are bound by `OublietteTransport` only. */
export const OUBLIETTE_TRANSPORT = Symbol('oubliette');

export interface EncryptedTopicOptions {
  /**
   * Within what time a record's bytes must have left the topic, e.g. `24h` or a number of ms. Where the topic's settings
   * cannot keep it, the application refuses to start.
   */
  readonly erasureDeadline?: string | number;
  /**
   * How the records of forgotten users end in this topic: with their keys alone (`keys`, the default); by a record without a value for each
   * of theirs in a compacted topic (`tombstone`, for events with a `@RecordKey`); or because every record expires (`expiry`). Where the
   * topic's settings do not end them so, the application refuses to start. Not for a regular expression.
   */
  readonly erasure?: ErasureWay;
  /** Consumer group; default: the module's. */
  readonly groupId?: string;
  /** Event classes this handler takes; default: the declared type of its first parameter. Needed for batches. */
  readonly events?: EventClass | readonly EventClass[];
  /** True: the handler gets an array of up to `maxBatch` events and an `OublietteBatchContext`. */
  readonly batch?: boolean;
  /** Bound of a batch handler's array; default 500. */
  readonly maxBatch?: number;
  /** Read a topic from its start when the group is new; default true. */
  readonly fromBeginning?: boolean;
  /** False: a record that its handler keeps refusing is retried for ever, and holds up its partition. Default true. */
  readonly deadLetter?: boolean;
}

/** What the decorator leaves in Nest's pattern metadata for the transport and the boot guard. */
export interface EncryptedTopicExtras {
  readonly oubliette: {
    readonly topic: string | RegExp;
    readonly options: EncryptedTopicOptions;
    readonly controller: object;
    readonly method: string | symbol;
  };
}

/**
 * Handles the events of an encrypted topic, by name or by regular expression. The method is an ordinary Nest event handler:
 * guards, pipes, interceptors and filters apply; `@Payload()` is the decrypted event, `@Ctx()` an `OublietteContext`.
 */
export function EncryptedTopic(topic: string | RegExp, options: EncryptedTopicOptions = {}): MethodDecorator {
  return (target, method, descriptor) => {
    const extras: EncryptedTopicExtras = { oubliette: { topic, options, controller: target, method } };
    EventPattern(String(topic), OUBLIETTE_TRANSPORT, extras)(
      target,
      method,
      descriptor as PropertyDescriptor,
    );
  };
}
