export type {
  Checkpoint,
  EventStore,
  NewStoredEvent,
  OutboxRecord,
  OutboxStore,
  ProjectionSource,
  ProjectionStore,
  StoredEvent,
} from './ports.js';
export { replay, specOf, streamIdOf } from './aggregate.js';
export type { AggregateType, DomainEvent, LoadedAggregate } from './aggregate.js';
export { AggregateRepository } from './aggregate-repository.js';
export type { RepositoryDependencies, StreamChange } from './aggregate-repository.js';
export { decodeEvents, encodeEvents } from './stored-events.js';
export type { EncodedEvent } from './stored-events.js';
export { OutboxRelay } from './outbox-relay.js';
export type { OutboxRelayOptions } from './outbox-relay.js';
export { OutboxSignal } from './outbox-signal.js';
export { SealedColumns } from './sealed-columns.js';
export type { ColumnPurposes, OpenRow, RowToOpen, SealedRow } from './sealed-columns.js';
export { concurrencyConflict, eventIdTaken, EventSourcingError } from './errors.js';
export type { EventSourcingErrorCode } from './errors.js';
