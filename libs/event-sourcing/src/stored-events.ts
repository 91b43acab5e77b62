import { EVENT_HEADERS, type Decoded, type EventCodec, type IncomingRecord } from '@oubliette/serde';
import { specOf, type AggregateType, type DomainEvent } from './aggregate.js';
import { EventSourcingError } from './errors.js';
import type { NewStoredEvent, StoredEvent } from './ports.js';

const bytes = new TextEncoder();

/** An encrypted event, with the record key that its topic wants. */
export interface EncodedEvent extends NewStoredEvent {
  readonly key: Uint8Array | null;
}

/** Encrypts events in one call, so that keys are fetched once. Rejects as `EventCodec.encode` does. */
export async function encodeEvents<State, E extends DomainEvent>(
  aggregate: AggregateType<State, E>,
  codec: EventCodec,
  events: readonly (E & { readonly eventId: string })[],
): Promise<EncodedEvent[]> {
  const encoded = await codec.encode(
    events.map((event) => ({
      spec: specOf(aggregate, event.type),
      value: event.data,
      eventId: event.eventId,
    })),
  );
  return encoded.map((record, index) => {
    const event = events[index]!;
    return {
      eventId: event.eventId,
      type: event.type,
      userRef: record.headers[EVENT_HEADERS.user] ?? null,
      key: record.key,
      value: record.value,
      headers: record.headers,
    };
  });
}

/**
 * Decrypts the events of a stream, in order; fields of forgotten users are `Erased`, of restricted ones `Restricted`.
 * Throws `EVENTS_UNAVAILABLE` (try again) or `EVENTS_INVALID` (an alarm: a stored event was changed or moved).
 */
export async function decodeEvents<State, E extends DomainEvent>(
  aggregate: AggregateType<State, E>,
  codec: EventCodec,
  stored: readonly StoredEvent[],
): Promise<E[]> {
  const byType = new Map<string, number[]>();
  stored.forEach((event, index) => byType.set(event.type, [...(byType.get(event.type) ?? []), index]));
  const events = new Array<E>(stored.length);
  for (const [type, indexes] of byType) {
    const decoded = await codec.decode<object>(
      specOf(aggregate, type),
      indexes.map((index) => asRecord(stored[index]!)),
    );
    indexes.forEach((index, nth) => {
      events[index] = toEvent<E>(stored[index]!, decoded[nth]!);
    });
  }
  return events;
}

function asRecord(event: StoredEvent): IncomingRecord {
  return {
    key: event.userRef === null ? null : bytes.encode(event.userRef),
    value: event.value,
    headers: event.headers,
  };
}

function toEvent<E extends DomainEvent>(stored: StoredEvent, decoded: Decoded<object>): E {
  const where = `Event ${stored.version} of stream ${stored.streamId}`;
  switch (decoded.outcome) {
    case 'event':
      // The spec found by the stored type says what `data` is: the codec checked the value against it.
      return { type: stored.type, data: decoded.event.value, eventId: decoded.event.eventId } as unknown as E;
    case 'unavailable':
      throw new EventSourcingError(
        'EVENTS_UNAVAILABLE',
        `${where} cannot be decrypted now (${decoded.reason}): try again.`,
      );
    case 'invalid':
      throw new EventSourcingError(
        'EVENTS_INVALID',
        `${where} is refused at ${decoded.path === '' ? 'the record' : decoded.path} (${decoded.reason}): it was changed or moved.`,
      );
  }
}
