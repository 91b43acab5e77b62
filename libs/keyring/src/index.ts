export type { Outcome, InvalidReason, UnavailableReason } from './outcome.js';
export type { KeyLog, KeyLogRecord, StoredKeyLogRecord } from './key-log.js';
export type { Binding, DeadRecord, Fence, Keyring, UserRef, UserState } from './keyring.js';
