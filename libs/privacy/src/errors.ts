export type PrivacyErrorCode =
  | 'USER_UNKNOWN'
  | 'ERASURE_MISSING'
  | 'FORGETTING_CLOSED'
  | 'GUARD_SETTING_INVALID'
  | 'GUARD_SETTING_UNKNOWN'
  | 'PLAN_INPUT_INVALID';

/** Every error of this lib; `code` is stable, the message names no user. */
export class PrivacyError extends Error {
  override readonly name = 'PrivacyError';

  constructor(
    readonly code: PrivacyErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
