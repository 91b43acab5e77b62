import type { EventSpec } from '@oubliette/serde';
import { EventSourcingError } from './errors.js';

/** Something that happened. Personal fields in `data` are typed `Erasable<…>`: after forgetting they read as erased, and as restricted while their user is. */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
  /** A UUID; left out, the repository makes one. Deterministic where the same fact may be told twice. */
  readonly eventId?: string;
}

/**
 * An aggregate as plain functions: its state is what its events evolve to, and decisions are functions from state to events.
 * @typeParam State immutable; `evolve` returns a new one
 */
export interface AggregateType<State, E extends DomainEvent> {
  /** First part of its stream ids. */
  readonly name: string;
  /** How each event type is encrypted and bound; the key is the event's `type` and the spec's. */
  readonly specs: { readonly [T in E['type']]: EventSpec };
  readonly initial: State;
  readonly evolve: (state: State, event: E) => State;
  /** Topic that every event is also sent to, through the outbox; null: none. */
  readonly topic: string | null;
}

/** An aggregate as it was loaded: `version` 0 means that its stream does not exist. */
export interface LoadedAggregate<State> {
  readonly streamId: string;
  readonly version: number;
  readonly state: State;
}

export function replay<State, E extends DomainEvent>(
  aggregate: AggregateType<State, E>,
  events: Iterable<E>,
  from: State = aggregate.initial,
): State {
  let state = from;
  for (const event of events) state = aggregate.evolve(state, event);
  return state;
}

/** The spec of an event type. Throws `EVENT_TYPE_UNKNOWN`. */
export function specOf<State, E extends DomainEvent>(
  aggregate: AggregateType<State, E>,
  type: string,
): EventSpec {
  const specs: Readonly<Record<string, EventSpec>> = aggregate.specs;
  const spec = Object.hasOwn(specs, type) ? specs[type] : undefined;
  if (spec?.type === type) return spec;
  throw new EventSourcingError(
    'EVENT_TYPE_UNKNOWN',
    `Aggregate ${aggregate.name} declares no event type ${type}: add it to its specs, under the same name as in the spec.`,
  );
}

const namePattern = /^[a-z][a-z0-9]{0,63}$/;
const partPattern = /^[0-9a-zA-Z._:]{1,128}$/;
const lastPartPattern = /^[0-9a-zA-Z._:-]{1,128}$/;

/**
 * Stream id out of the aggregate's name and pseudonymous parts (userRef, course code, …); never give it a user id.
 * Different parts give different ids: only the last may hold '-'. Throws `STREAM_ID_INVALID` without naming the parts.
 */
export function streamIdOf(aggregate: { readonly name: string }, ...parts: readonly string[]): string {
  const streamId = [aggregate.name, ...parts].join('-');
  const last = parts.length - 1;
  const good =
    last >= 0 &&
    streamId.length <= 255 &&
    namePattern.test(aggregate.name) &&
    parts.every((part, index) => (index === last ? lastPartPattern : partPattern).test(part));
  if (good) return streamId;
  throw new EventSourcingError(
    'STREAM_ID_INVALID',
    `A stream id of aggregate ${aggregate.name} is its name (lower-case letters and digits) and parts of letters, digits, '.', '_', ':' and, in the last, '-': 255 characters in all.`,
  );
}
