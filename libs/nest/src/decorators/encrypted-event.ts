import 'reflect-metadata';
import { isPurposeName } from '@oubliette/keyring';
import type { EventSpec, FieldPurpose } from '@oubliette/serde';
import { OublietteError } from '../errors.js';

/** A class whose objects are events. */
export type EventClass<T extends object = object> = abstract new (...args: never[]) => T;

export interface EncryptedEventOptions {
  /** Declared logical stream name that ciphertexts are bound to; it stays when the topic is renamed or mirrored. */
  readonly stream: string;
  /** Event type as it travels; default: the class's name. Give it where classes may be renamed. */
  readonly type?: string;
  /** Topic that events are published to; default: the stream's name. */
  readonly topic?: string;
}

export interface PersonalOptions extends Partial<FieldPurpose> {
  /** Only these fields below the property are personal; default: its value as a whole. */
  readonly fields?: readonly string[];
}

/** What the decorators of an event class say together. */
export interface EventClassInfo {
  readonly spec: EventSpec;
  readonly topic: string;
}

const OPTIONS = Symbol('oubliette:event');
const USER_ID = Symbol('oubliette:user-id');
const RECORD_KEY = Symbol('oubliette:record-key');
const PERSONAL = Symbol('oubliette:personal');
const PURPOSES = Symbol('oubliette:purposes');
const INFO = Symbol('oubliette:info');

/** Declares a class of events. */
export function EncryptedEvent(options: EncryptedEventOptions): ClassDecorator {
  return (target) => Reflect.defineMetadata(OPTIONS, options, target);
}

/** Marks the property that holds the user's id. It travels encrypted; the record carries a pseudonym. */
export function UserId(): PropertyDecorator {
  return (target, property) => {
    Reflect.defineMetadata(USER_ID, nameOf(property), target.constructor);
  };
}

/**
 * Marks the property that tells a user's records apart, a text or a whole number: each value is a record of its own in a compacted topic,
 * and the next event with the same value takes its place. It stands in the record's key as a keyed hash, so it may be personal; on the
 * `@UserId()` property, a user has one record.
 */
export function RecordKey(): PropertyDecorator {
  return (target, property) => {
    const name = nameOf(property);
    const other = Reflect.getOwnMetadata(RECORD_KEY, target.constructor) as string | undefined;
    if (other !== undefined && other !== name) {
      throw new OublietteError(
        'EVENT_CLASS_INVALID',
        `Class ${target.constructor.name}: @RecordKey stands on ${other} and on ${name}. One property names a record.`,
      );
    }
    Reflect.defineMetadata(RECORD_KEY, name, target.constructor);
  };
}

/**
 * Marks a personal property: its value is encrypted as a whole, or only the given fields below it (`@Personal('city')`). With a purpose
 * (`@Personal({ purpose: 'marketing' })`) it ends when the user withdraws that, and not only when the user is forgotten.
 */
export function Personal(options: PersonalOptions): PropertyDecorator;
export function Personal(...fields: readonly string[]): PropertyDecorator;
export function Personal(...given: readonly [PersonalOptions] | readonly string[]): PropertyDecorator {
  const [first] = given;
  const options: PersonalOptions = typeof first === 'object' ? first : { fields: given as readonly string[] };
  return (target, property) => {
    const name = nameOf(property);
    const { fields = [], purpose, whenWithdrawn } = options;
    const paths = fields.length === 0 ? [name] : fields.map((field) => `${name}.${field}`);
    const inherited = (Reflect.getMetadata(PERSONAL, target.constructor) ?? []) as readonly string[];
    Reflect.defineMetadata(PERSONAL, [...inherited, ...paths], target.constructor);
    if (purpose === undefined && whenWithdrawn === undefined) return;
    const kept = { purpose: purpose ?? '', ...(whenWithdrawn === undefined ? {} : { whenWithdrawn }) };
    const own = Object.fromEntries(paths.map((path) => [path, kept]));
    Reflect.defineMetadata(PURPOSES, { ...purposesOf(target.constructor), ...own }, target.constructor);
  };
}

/** The declaration of an event class; always the same object for one class. Throws `EVENT_CLASS_INVALID`. */
export function eventInfoOf(eventClass: EventClass): EventClassInfo {
  const known = Reflect.getOwnMetadata(INFO, eventClass) as EventClassInfo | undefined;
  if (known !== undefined) return known;
  const options = Reflect.getOwnMetadata(OPTIONS, eventClass) as EncryptedEventOptions | undefined;
  if (options === undefined) {
    throw new OublietteError(
      'EVENT_CLASS_INVALID',
      `Class ${eventClass.name || '(anonymous)'} is no event: decorate it with @EncryptedEvent({ stream: … }).`,
    );
  }
  const info = infoFrom(eventClass, options);
  Reflect.defineMetadata(INFO, info, eventClass);
  return info;
}

/** True when the class carries `@EncryptedEvent` itself. */
export function isEventClass(candidate: unknown): candidate is EventClass {
  return typeof candidate === 'function' && Reflect.hasOwnMetadata(OPTIONS, candidate);
}

function infoFrom(eventClass: EventClass, options: EncryptedEventOptions): EventClassInfo {
  const userIdPath = (Reflect.getMetadata(USER_ID, eventClass) ?? null) as string | null;
  const personalPaths = (Reflect.getMetadata(PERSONAL, eventClass) ?? []) as readonly string[];
  const type = options.type ?? eventClass.name;
  if (userIdPath === null && personalPaths.length > 0) {
    throw new OublietteError(
      'EVENT_CLASS_INVALID',
      `Event ${type} has @Personal properties but no @UserId: whose data is it?`,
    );
  }
  const recordKeyPath = Reflect.getMetadata(RECORD_KEY, eventClass) as string | undefined;
  if (userIdPath === null && recordKeyPath !== undefined) {
    throw new OublietteError(
      'EVENT_CLASS_INVALID',
      `Event ${type} has a @RecordKey property but no @UserId: it names a record of a user.`,
    );
  }
  const purposes = purposesOf(eventClass);
  for (const [path, { purpose }] of Object.entries(purposes)) {
    if (isPurposeName(purpose)) continue;
    throw new OublietteError(
      'EVENT_CLASS_INVALID',
      `Event ${type}: @Personal of ${path} needs a purpose of 1 to 64 lower-case letters, digits and hyphens, a letter first.`,
    );
  }
  return {
    spec: Object.freeze({
      stream: options.stream,
      type,
      userIdPath,
      personalPaths: Object.freeze([...personalPaths]),
      ...(Object.keys(purposes).length === 0 ? {} : { purposes: Object.freeze(purposes) }),
      ...(recordKeyPath === undefined ? {} : { recordKeyPath }),
    }),
    topic: options.topic ?? options.stream,
  };
}

function purposesOf(eventClass: object): Readonly<Record<string, FieldPurpose>> {
  return (Reflect.getMetadata(PURPOSES, eventClass) ?? {}) as Readonly<Record<string, FieldPurpose>>;
}

function nameOf(property: string | symbol): string {
  if (typeof property === 'string') return property;
  throw new OublietteError('EVENT_CLASS_INVALID', 'A property named by a symbol cannot travel in an event.');
}
