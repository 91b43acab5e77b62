import {
  EVENT_HEADERS,
  type Decoded,
  type EncodedRecord,
  type EventCodec,
  type EventSpec,
  type EventToEncode,
  type IncomingRecord,
} from '@oubliette/serde';
import type { UserRef } from '@oubliette/keyring';

/** A codec that encrypts nothing, so that these tests see what the repository does with what a codec answers. */
export class OpenCodec implements EventCodec {
  readonly forgotten = new Set<string>();
  answer: Decoded<never> | null = null;
  calls = 0;

  async encode(events: readonly EventToEncode[]): Promise<EncodedRecord[]> {
    this.calls++;
    return events.map(({ spec, value, eventId }) => {
      const user = spec.userIdPath === null ? null : refOf(value as Record<string, unknown>, spec.userIdPath);
      return {
        key: user === null ? null : Buffer.from(user),
        value: Buffer.from(JSON.stringify(value)),
        headers: {
          [EVENT_HEADERS.eventId]: eventId,
          ...(user === null ? {} : { [EVENT_HEADERS.user]: user }),
        },
      };
    });
  }

  async decode<T>(spec: EventSpec, records: readonly IncomingRecord[]): Promise<Decoded<T>[]> {
    return records.map(({ value, key, headers }) => {
      if (this.answer !== null) return this.answer;
      const data = JSON.parse(Buffer.from(value!).toString()) as Record<string, unknown>;
      const userRef = key === null ? null : (Buffer.from(key).toString() as UserRef);
      const erased = userRef !== null && this.forgotten.has(userRef);
      if (erased) for (const path of spec.personalPaths) data[path] = { erased: true, erasedAt: 7 };
      const eventId = headers[EVENT_HEADERS.eventId]!;
      const { type, stream } = spec;
      return {
        outcome: 'event',
        event: { value: data as T, eventId, type, stream, userRef, erased, restricted: false },
      };
    });
  }
}

function refOf(value: Record<string, unknown>, path: string): string {
  return Buffer.from(String(value[path])).toString('hex').padStart(32, '0');
}
