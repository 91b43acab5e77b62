import { isErased } from './erased.js';
import { SerdeError } from './errors.js';
import { valueAtNames, type EventShape } from './event-shape.js';
import { isRestricted } from './restricted.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The text that names a record; null for a value that names none. A number that is not whole may read back as another. */
export function recordTextOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' || LONE_SURROGATE.test(value) ? null : value;
  return Number.isSafeInteger(value) ? String(value) : null;
}

/** The text that names an event's record; null where its shape names none. Throws `EVENT_INVALID`, which never says the value. */
export function recordTextIn({ spec, recordKeyNames }: EventShape, event: object): string | null {
  if (recordKeyNames === null) return null;
  const value = valueAtNames(event, recordKeyNames);
  const text = recordTextOf(value);
  if (text !== null) return text;
  const path = recordKeyNames.join('.');
  throw new SerdeError(
    'EVENT_INVALID',
    `Event ${spec.type}: the value at ${path}, which names its record, is ${problemOf(value)}.`,
    path,
  );
}

function problemOf(value: unknown): string {
  if (value === undefined || value === '') return 'missing';
  if (isErased(value)) return 'erased';
  if (isRestricted(value)) return 'restricted';
  return 'neither a well-formed text nor a whole number';
}
