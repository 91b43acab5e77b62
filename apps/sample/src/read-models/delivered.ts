import type { EventContext, OublietteBatchContext } from '@oubliette/nest';

/** An event of a batch with where it came from. */
export interface Delivered<E> extends Pick<
  EventContext,
  'offset' | 'timestamp' | 'eventId' | 'type' | 'userRef'
> {
  readonly event: E;
}

export function delivered<E>(events: readonly E[], context: OublietteBatchContext): Delivered<E>[] {
  return context.events.map(({ offset, timestamp, eventId, type, userRef }, index) => ({
    event: events[index]!,
    offset,
    timestamp,
    eventId,
    type,
    userRef,
  }));
}
