import { BaseRpcContext } from '@nestjs/microservices';
import type { ReceivedRecord } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import type { DecodedEvent } from '@oubliette/serde';

/** Where an event came from. Nothing personal: safe to log. */
export interface EventContext {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** ms since the Unix epoch, as the log says. */
  readonly timestamp: number;
  readonly eventId: string;
  readonly type: string;
  /** Pseudonym of the event's user; null for events without one. */
  readonly userRef: UserRef | null;
  /** True when the user is forgotten: personal properties are `Erased`. */
  readonly erased: boolean;
  /** True while the user is restricted: personal properties are `Restricted`, and the event is not given again when that is lifted. */
  readonly restricted: boolean;
}

/** An event with its context, on its way to a handler. */
export interface Delivery {
  readonly record: ReceivedRecord;
  readonly value: object;
  readonly context: EventContext;
}

export function contextOf(record: ReceivedRecord, event: DecodedEvent<object>): EventContext {
  const { topic, partition, offset, timestamp } = record;
  const { eventId, type, userRef, erased, restricted } = event;
  return { topic, partition, offset, timestamp, eventId, type, userRef, erased, restricted };
}

/** `@Ctx()` of a handler of single events. */
export class OublietteContext extends BaseRpcContext<[EventContext]> implements EventContext {
  constructor(private readonly event: EventContext) {
    super([event]);
  }

  get topic(): string {
    return this.event.topic;
  }
  get partition(): number {
    return this.event.partition;
  }
  get offset(): bigint {
    return this.event.offset;
  }
  get timestamp(): number {
    return this.event.timestamp;
  }
  get eventId(): string {
    return this.event.eventId;
  }
  get type(): string {
    return this.event.type;
  }
  get userRef(): UserRef | null {
    return this.event.userRef;
  }
  get erased(): boolean {
    return this.event.erased;
  }
  get restricted(): boolean {
    return this.event.restricted;
  }
}

/** `@Ctx()` of a batch handler: `events[i]` belongs to the i-th element of the payload. All come from one partition. */
export class OublietteBatchContext extends BaseRpcContext<[readonly EventContext[]]> {
  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly events: readonly EventContext[],
  ) {
    super([events]);
  }
}
