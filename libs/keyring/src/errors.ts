export type KeyringErrorCode =
  | 'USER_ID_INVALID'
  | 'USER_REF_INVALID'
  | 'USER_FORGOTTEN'
  | 'USER_NOT_FORGOTTEN'
  | 'PURPOSE_INVALID'
  | 'PURPOSE_WITHDRAWN'
  | 'PURPOSE_NOT_WITHDRAWN'
  | 'KEY_POLICY_INVALID'
  | 'KEY_MISSING'
  | 'PEPPER_MISSING'
  | 'PEPPER_IN_USE'
  | 'KEY_LIMIT'
  | 'PLAINTEXT_TOO_LARGE'
  | 'KEYRING_UNAVAILABLE'
  | 'KEYRING_CLOSED'
  | 'MASTER_KEY_MISSING'
  | 'MASTER_KEY_FILE_EXISTS'
  | 'MASTER_KEY_FILE_OPEN'
  | 'MASTER_KEY_FILE_INVALID'
  | 'MASTER_KEY_MISMATCH'
  | 'MASTER_KEY_UNAVAILABLE'
  | 'MASTER_KEY_REFUSED'
  | 'MASTER_KEY_IN_USE'
  | 'MASTER_KEY_FIXED'
  | 'MASTER_KEY_SETTING_INVALID'
  | 'MASTER_KEY_SDK_MISSING'
  | 'SIGNING_KEY_SETTING_INVALID'
  | 'SIGNING_KEY_UNAVAILABLE'
  | 'SIGNING_KEY_REFUSED'
  | 'DEPLOYMENT_MISSING'
  | 'DEPLOYMENT_RECORD_INVALID'
  | 'PARTITION_COUNT_CHANGED'
  | 'SODIUM_UNSUITABLE'
  | 'SODIUM_OUT_OF_MEMORY';

const retriableCodes: readonly KeyringErrorCode[] = [
  'KEYRING_UNAVAILABLE',
  'MASTER_KEY_UNAVAILABLE',
  'SIGNING_KEY_UNAVAILABLE',
];

/** What the keyring throws. `code` is stable; the message says what happened and what to do, and carries no personal value. */
export class KeyringError extends Error {
  readonly code: KeyringErrorCode;

  constructor(code: KeyringErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KeyringError';
    this.code = code;
  }

  /** True when the same call may succeed later. */
  get retriable(): boolean {
    return retriableCodes.includes(this.code);
  }
}

export function closedError(): KeyringError {
  return new KeyringError('KEYRING_CLOSED', 'The keyring was closed: open a new one.');
}

export function forgottenError(): KeyringError {
  return new KeyringError(
    'USER_FORGOTTEN',
    'The user was forgotten: nothing can be written for this id until a new lifecycle is begun for it on purpose.',
  );
}

export function withdrawnError(): KeyringError {
  return new KeyringError(
    'PURPOSE_WITHDRAWN',
    'The user withdrew this purpose: nothing can be written for it until it is granted anew.',
  );
}
