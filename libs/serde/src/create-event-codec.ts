import { envelopeLifecycle, isForCatchUp, type Keyring, type UserRef } from '@oubliette/keyring';
import { ErasedValue, isErased } from './erased.js';
import { SerdeError, codeOf } from './errors.js';
import type {
  Decoded,
  EncodedRecord,
  Erased,
  EventCodec,
  EventSpec,
  EventToEncode,
  IncomingRecord,
} from './event-codec.js';
import { EVENT_HEADERS, isEventId, readEventHeaders, writeEventHeaders } from './event-headers.js';
import type { EventHeaders } from './event-headers.js';
import { EventKeys, type OwnedEvent } from './event-keys.js';
import { shapeOf, valueAtNames, withoutPaths } from './event-shape.js';
import type { EventShape } from './event-shape.js';
import type { AtHand, EventFormat, OpenField, ReadEvent, WriteEvent } from './formats/event-format.js';
import { readKeyOf, writeKeyOf, type RecordKey } from './record-key.js';
import { recordTextIn, recordTextOf } from './record-text.js';
import { RecordRefused, invalidRecord } from './refusal.js';
import { RestrictedValue, isRestricted } from './restricted.js';

/** By the name of the format. */
type Readers = ReadonlyMap<string, ReadEvent>;

export interface EventCodecOptions {
  readonly keyring: Keyring;
  /** Written, and read. */
  readonly format: EventFormat;
  /** Formats that older records may have: each record is read in the one its header names. Default: none. */
  readonly alsoReads?: readonly EventFormat[];
}

/**
 * The codec over formats: bindings, keys, headers and outcomes are here, bytes are the format's. A record of a format that
 * is neither written nor read here is invalid (`headers`, path `oubliette-format`).
 */
export function createEventCodec(options: EventCodecOptions): EventCodec {
  return new FormatEventCodec(options.keyring, options.format, options.alsoReads ?? []);
}

class FormatEventCodec implements EventCodec {
  readonly #shapes = new WeakMap<EventSpec, EventShape>();
  readonly #formats: ReadonlyMap<string, EventFormat>;
  readonly #keys: EventKeys;

  constructor(
    private readonly keyring: Keyring,
    private readonly format: EventFormat,
    alsoReads: readonly EventFormat[],
  ) {
    this.#keys = new EventKeys(keyring);
    this.#formats = new Map([...alsoReads, format].map((readable) => [readable.name, readable]));
  }

  async encode(events: readonly EventToEncode[]): Promise<EncodedRecord[]> {
    const owned = this.#owned(events);
    const writers = new Map<EventShape, WriteEvent>();
    for (const { shape } of owned) {
      if (writers.has(shape)) continue;
      const writer = this.format.writer(shape);
      writers.set(shape, writer instanceof Promise ? await writer : writer);
    }
    // Nothing may wait between here and the sealing: a key that is forgotten meanwhile must refuse the batch.
    if (!this.#keys.areAtHand(owned)) await this.#keys.ensure(owned);
    return owned.map((event) => this.#encodeOne(event, writers.get(event.shape) as WriteEvent));
  }

  async decode<T>(spec: EventSpec, records: readonly IncomingRecord[]): Promise<Decoded<T>[]> {
    const shape = this.#shapeOf(spec);
    const found = this.#readersOf(shape, records);
    const readers = found instanceof Promise ? await found : found;
    const waiting: number[] = [];
    const results = records.map((record, index) => {
      const result = this.#decodeOne<T>(shape, readers, record, false);
      if (result.outcome === 'unavailable' && isForCatchUp(result.reason)) waiting.push(index);
      return result;
    });
    if (waiting.length === 0 || !(await this.#catchUp(records, waiting))) return results;
    for (const index of waiting) {
      results[index] = this.#decodeOne<T>(shape, readers, records[index] as IncomingRecord, true);
    }
    return results;
  }

  /** For the formats that these records have: nearly always one, which is found at hand. */
  #readersOf(shape: EventShape, records: readonly IncomingRecord[]): AtHand<Readers> {
    const readers = new Map<string, ReadEvent>();
    const loading: Promise<void>[] = [];
    for (const { headers } of records) {
      const name = headers[EVENT_HEADERS.format];
      const format = name === undefined || readers.has(name) ? undefined : this.#formats.get(name);
      if (name === undefined || format === undefined) continue;
      const reader = format.reader(shape, valuesIn(name, records));
      if (!(reader instanceof Promise)) readers.set(name, reader);
      else {
        readers.set(name, unread);
        loading.push(reader.then((loaded) => void readers.set(name, loaded)));
      }
    }
    return loading.length === 0 ? readers : Promise.all(loading).then(() => readers);
  }

  /** Each event with its shape and its user's pseudonym. */
  #owned(events: readonly EventToEncode[]): OwnedEvent[] {
    // Only a batch can have a user twice.
    const refs = events.length > 1 ? new Map<string, UserRef>() : null;
    return events.map((event) => {
      const { spec, value, eventId, key } = event;
      const shape = this.#shapeOf(spec);
      const userId = this.#userIdOf(shape, event);
      if (userId === null) return { shape, value, eventId, key, userRef: null, recordName: null };
      const userRef = refs?.get(userId) ?? this.keyring.userRef(userId);
      refs?.set(userId, userRef);
      const text = recordTextIn(shape, value);
      const recordName = text === null ? null : this.keyring.recordName(userRef, text);
      return { shape, value, eventId, key, userRef, recordName };
    });
  }

  #shapeOf(spec: EventSpec): EventShape {
    const known = this.#shapes.get(spec);
    if (known !== undefined) return known;
    const shape = shapeOf(spec);
    this.#shapes.set(spec, shape);
    return shape;
  }

  #userIdOf(shape: EventShape, event: EventToEncode): string | null {
    const { type, userIdPath } = shape.spec;
    if (!isEventId(event.eventId)) {
      throw new SerdeError(
        'EVENT_INVALID',
        `Event ${type}: the event id must be a lower-case UUID.`,
        'eventId',
      );
    }
    if (userIdPath === null || shape.userIdNames === null) return null;
    const userId = valueAtNames(event.value, shape.userIdNames);
    if (typeof userId !== 'string') {
      const problem =
        userId === undefined
          ? 'missing'
          : isErased(userId)
            ? 'erased'
            : isRestricted(userId)
              ? 'restricted'
              : 'not a string';
      throw new SerdeError(
        'EVENT_INVALID',
        `Event ${type}: the user id at ${userIdPath} is ${problem}.`,
        userIdPath,
      );
    }
    if (event.key !== undefined) {
      throw new SerdeError(
        'EVENT_INVALID',
        `Event ${type}: a record key may be given for events without a user only; others are keyed by pseudonym.`,
        'key',
      );
    }
    return userId;
  }

  #encodeOne(
    { shape, value, eventId, key, userRef, recordName }: OwnedEvent,
    write: WriteEvent,
  ): EncodedRecord {
    const { stream, type } = shape.spec;
    const { purposes } = shape;
    let lifecycle = 0;
    const omitted = userRef === null || purposes.size === 0 ? [] : this.#keys.omitted(shape, userRef);
    const written = write(withoutPaths(value, omitted), (path, plaintext) => {
      if (userRef === null)
        throw new SerdeError('EVENT_SPEC_INVALID', `Event ${type} has no user to encrypt for.`);
      const binding = { stream, type, eventId, path };
      const envelope = this.keyring.seal(userRef, binding, plaintext, purposes.get(path)?.purpose);
      // That of the key in use: the user id is always sealed, and nothing comes between two fields.
      if (recordName !== null) lifecycle = envelopeLifecycle(envelope);
      return envelope;
    });
    return {
      key: userRef === null ? (key ?? null) : writeKeyOf(userRef, lifecycle, recordName),
      value: written,
      headers: writeEventHeaders({ stream, type, eventId, userRef, format: this.format.name }),
    };
  }

  #decodeOne<T>(shape: EventShape, readers: Readers, record: IncomingRecord, caughtUp: boolean): Decoded<T> {
    try {
      const headers = this.#checkedHeaders(shape.spec, record);
      const value = record.value ?? invalidRecord('malformed', '');
      const reader = readers.get(headers.format) as ReadEvent;
      const key = this.#checkedKey(record, headers);
      const opening = new Opening(this.keyring, shape, headers, key, caughtUp);
      let event = reader(value, opening.open);
      if (opening.erasedAt !== null && opening.others > 0) {
        // A user is forgotten as a whole: what else opened (a key of a later lifecycle) is withheld too.
        event = reader(value, () => opening.eraseAll());
      }
      if (shape.userIdNames !== null && valueAtNames(event, shape.userIdNames) === undefined) {
        return invalidRecord('malformed', shape.userIdNames.join('.'));
      }
      this.#checkName(shape, event, key);
      const { eventId, type, stream, userRef } = headers;
      const erased = opening.erasedAt !== null;
      const restricted = opening.restricted && !erased;
      const decoded = { value: event as T, eventId, type, stream, userRef, erased, restricted };
      return { outcome: 'event', event: decoded };
    } catch (error) {
      if (error instanceof RecordRefused) return error.refusal;
      throw error;
    }
  }

  #checkedHeaders(spec: EventSpec, record: IncomingRecord): EventHeaders {
    const headers = readEventHeaders(record.headers);
    if (headers === null) return invalidRecord('headers', '');
    if (headers.stream !== spec.stream) return invalidRecord('headers', 'oubliette-stream');
    if (headers.type !== spec.type) return invalidRecord('headers', 'oubliette-type');
    if (!this.#formats.has(headers.format)) return invalidRecord('headers', 'oubliette-format');
    if ((headers.userRef === null) !== (spec.userIdPath === null))
      return invalidRecord('headers', 'oubliette-user');
    return headers;
  }

  /** null for an event without a user, whose key is the caller's. */
  #checkedKey({ key }: IncomingRecord, { userRef }: EventHeaders): RecordKey | null {
    return userRef === null ? null : (readKeyOf(userRef, key) ?? invalidRecord('headers', 'key'));
  }

  /** What names the record may be erased or withheld by now; what is there must be what the key says. */
  #checkName({ recordKeyNames }: EventShape, event: object, key: RecordKey | null): void {
    if (recordKeyNames === null || key === null || key.name === null) return;
    const text = recordTextOf(valueAtNames(event, recordKeyNames));
    if (text !== null && this.keyring.recordName(key.userRef, text) !== key.name)
      invalidRecord('headers', 'key');
  }

  async #catchUp(records: readonly IncomingRecord[], waiting: readonly number[]): Promise<boolean> {
    const users = new Set<UserRef>();
    for (const index of waiting) {
      const userRef = readEventHeaders(records[index]?.headers ?? {})?.userRef;
      if (userRef) users.add(userRef);
    }
    try {
      await this.keyring.catchUp(users);
      return true;
    } catch (error) {
      // The records stay unavailable, which is retriable: that is what the caller is told.
      if (codeOf(error) === 'KEYRING_UNAVAILABLE') return false;
      throw error;
    }
  }
}

/** Opens the envelopes of one record and notes what they led to. */
class Opening {
  /** Fields that opened, or whose purpose alone is over. */
  others = 0;
  /** Of the fields that opened so: the user is restricted. */
  restricted = false;
  /** When all of the user ended. */
  erasedAt: number | null = null;

  constructor(
    private readonly keyring: Keyring,
    private readonly shape: EventShape,
    private readonly headers: EventHeaders,
    private readonly key: RecordKey | null,
    private readonly caughtUp: boolean,
  ) {}

  readonly open: OpenField = (path, envelope) => {
    const { stream, type, eventId, userRef } = this.headers;
    const owner = this.keyring.userRefOf(envelope);
    if (owner === null) return invalidRecord('header-mac', path);
    if (owner !== userRef) return invalidRecord('headers', path);
    const lifecycle = this.key?.lifecycle ?? null;
    if (lifecycle !== null && envelopeLifecycle(envelope) !== lifecycle)
      return invalidRecord('headers', 'key');
    const result = this.keyring.open({ stream, type, eventId, path }, envelope, { caughtUp: this.caughtUp });
    switch (result.outcome) {
      case 'value':
        this.others++;
        return result.value;
      case 'erased':
        if (result.why === 'withdrawn' || (result.why === 'ended' && this.shape.purposes.has(path)))
          this.others++;
        else this.erasedAt = result.erasedAt;
        return new ErasedValue(result.erasedAt);
      case 'restricted':
        this.others++;
        this.restricted = true;
        return new RestrictedValue(result.since);
      case 'unavailable':
        throw new RecordRefused({ outcome: 'unavailable', reason: result.reason });
      case 'invalid':
        return invalidRecord(result.reason, path);
    }
  };

  eraseAll(): Erased {
    return new ErasedValue(this.erasedAt as number);
  }
}

/** The values of the records that name this format. */
function valuesIn(name: string, records: readonly IncomingRecord[]): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (const { headers, value } of records) {
    if (value !== null && headers[EVENT_HEADERS.format] === name) values.push(value);
  }
  return values;
}

/** Stands for a reader that is still loaded. */
const unread: ReadEvent = () => {
  throw new RangeError('an event is read before its reader was loaded');
};
