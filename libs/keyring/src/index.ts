export { isForCatchUp, type InvalidReason, type Outcome, type UnavailableReason } from './outcome.js';
export {
  MAX_READ_OFFSETS,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type KeyLogRecord,
  type StoredKeyLogRecord,
} from './key-log.js';
export type { EpochOptions, EpochProgress, EpochTurn } from './epoch-options.js';
export { readKeyRecordClaim, type KeyRecordClaim } from './key-record.js';
export type { KeyPolicy } from './key-policy.js';
export { GENERAL_PURPOSE, type KeyScope, type PurposeTag } from './key-scope.js';
export type {
  Binding,
  DeadRecord,
  Fence,
  Keyring,
  ListedUser,
  Restriction,
  RestrictionChange,
  UserRef,
  UserState,
} from './keyring.js';
export type { Alarm, AlarmCode } from './alarms.js';
export { KeyringError, type KeyringErrorCode } from './errors.js';
export { createMasterKeyFile, loadMasterKeyFile } from './master-keys/master-key-file.js';
export { readEnvironmentMasterKeys, type Environment } from './master-keys/environment-master-keys.js';
export {
  MasterKeyLease,
  type LeaseTrouble,
  type MasterKeyLeaseOptions,
} from './master-keys/master-key-lease.js';
export { parseMasterKeyPlace, type MasterKeyPlace } from './master-keys/master-key-place.js';
export { masterKeyPlaceText } from './master-keys/master-key-place-text.js';
export {
  openMasterKeys,
  openMasterKeyService,
  type MasterKeyPorts,
  type MasterKeyServiceOptions,
} from './master-keys/open-master-keys.js';
export { openKmsMasterKeys } from './master-keys/kms/kms-master-keys.js';
export type { KmsSettings } from './master-keys/kms/kms-settings.js';
export { openTransitMasterKeys } from './master-keys/transit/transit-master-keys.js';
export type { TransitSettings } from './master-keys/transit/transit-settings.js';
export {
  MAX_WRAPPED_SECRET_BYTES,
  type Destruction,
  type MasterKeyCall,
  type MasterKeyId,
  type MasterKeys,
} from './master-keys/master-keys.js';
export { parseSigningKeyPlace, type SigningKeyPlace } from './signing-key/signing-key-place.js';
export type { SigningKey } from './signing-key/signing-key.js';
export {
  openTransitSigningKey,
  type SigningKeyPorts,
  type SigningKeyServiceOptions,
} from './signing-key/transit-signing-key.js';
export { openKeyring, type KeyringOptions } from './open-keyring.js';
export { isPurposeName } from './purposes.js';
export { isRetirement, RETIREMENT_BYTES } from './retirement-record.js';
export type { Peppers } from './peppers/peppers.js';
export { nudgeRecord, parseRecordKey, type RecordName } from './record-keys.js';
export { isUserRef, MAX_USER_ID_BYTES, parseUserRef, partitionOfUser } from './user-ref.js';
export { ENVELOPE_OVERHEAD, envelopeLifecycle, MAX_PLAINTEXT_BYTES } from './envelope.js';
