/** Why the sample does not start. Every message says what to do. */
export type SampleErrorCode =
  | 'SETTING_INVALID'
  | 'DATA_DIR_LOCKED'
  | 'DATA_DIR_NOT_WRITABLE'
  | 'MASTER_KEYS_IN_DATA_DIR'
  | 'MASTER_KEY_MISSING'
  | 'CERTIFICATE_KEY_MISSING'
  | 'ADMIN_TOKEN_OPEN'
  | 'DEPLOYMENT_MISMATCH'
  | 'BROKERS_UNREACHABLE'
  | 'SCHEMA_REGISTRY_MISSING'
  | 'SCHEMA_REGISTRY_MISMATCH'
  | 'PORT_TAKEN'
  | 'ADDRESS_NOT_AVAILABLE';

export class SampleError extends Error {
  override readonly name = 'SampleError';

  constructor(
    readonly code: SampleErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
