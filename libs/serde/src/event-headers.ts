import type { UserRef } from '@oubliette/keyring';

/** Names of the headers that travel with every record: what its ciphertexts are bound to. */
export const EVENT_HEADERS = {
  stream: 'oubliette-stream',
  type: 'oubliette-type',
  eventId: 'oubliette-id',
  user: 'oubliette-user',
  format: 'oubliette-format',
} as const;

/** The binding as headers carry it. `userRef` is not authenticated until an envelope of the record was opened. */
export interface EventHeaders {
  readonly stream: string;
  readonly type: string;
  readonly eventId: string;
  readonly userRef: UserRef | null;
  readonly format: string;
}

const EVENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const USER_REF = /^[0-9a-f]{32}$/;

/** RFC 9562 text form in lower case: other spellings would be other associated data. */
export function isEventId(text: string): boolean {
  return EVENT_ID.test(text);
}

function isUserRef(text: string): text is UserRef {
  return USER_REF.test(text);
}

export function writeEventHeaders(headers: EventHeaders): Record<string, string> {
  const written: Record<string, string> = {
    [EVENT_HEADERS.stream]: headers.stream,
    [EVENT_HEADERS.type]: headers.type,
    [EVENT_HEADERS.eventId]: headers.eventId,
    [EVENT_HEADERS.format]: headers.format,
  };
  if (headers.userRef !== null) written[EVENT_HEADERS.user] = headers.userRef;
  return written;
}

/** null when one is missing or no possible value. Other headers are left alone. */
export function readEventHeaders(headers: Readonly<Record<string, string>>): EventHeaders | null {
  const stream = headers[EVENT_HEADERS.stream];
  const type = headers[EVENT_HEADERS.type];
  const eventId = headers[EVENT_HEADERS.eventId];
  const format = headers[EVENT_HEADERS.format];
  const user = headers[EVENT_HEADERS.user];
  if (!stream || !type || !format || eventId === undefined || !isEventId(eventId)) return null;
  if (user === undefined) return { stream, type, eventId, format, userRef: null };
  return isUserRef(user) ? { stream, type, eventId, format, userRef: user } : null;
}
