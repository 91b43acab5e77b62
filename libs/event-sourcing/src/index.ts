export type {
  Checkpoint,
  EventStore,
  NewStoredEvent,
  OutboxRecord,
  OutboxStore,
  StoredEvent,
} from './ports.js';
