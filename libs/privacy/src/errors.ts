export type PrivacyErrorCode =
  | 'USER_UNKNOWN'
  | 'ERASURE_MISSING'
  | 'FORGETTING_CLOSED'
  | 'GUARD_SETTING_INVALID'
  | 'GUARD_SETTING_UNKNOWN'
  | 'GUARD_QUESTION_INVALID'
  | 'GUARD_NOT_APPLIED'
  | 'DEADLINE_POLICY_INVALID'
  | 'DEADLINE_CALENDAR_INVALID'
  | 'DEADLINE_NOT_EXTENDABLE'
  | 'CERTIFICATE_KEY_EXISTS'
  | 'CERTIFICATE_KEY_INVALID'
  | 'CERTIFICATE_KEY_MISSING'
  | 'CERTIFICATE_KEY_OPEN'
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_KEY_UNTRUSTED'
  | 'CERTIFICATE_FORGED'
  | 'CERTIFICATE_CHAIN_BROKEN'
  | 'CERTIFICATE_CONTENDED'
  | 'CERTIFICATE_SIGNATURE_WRONG'
  | 'REASON_INVALID'
  | 'PROCESSOR_INVALID'
  | 'ANSWER_INVALID'
  | 'ERASURE_MESSAGE_UNAUTHENTIC'
  | 'LOG_ENTRY_INVALID'
  | 'LOG_DIR_INVALID'
  | 'VERIFICATION_BUSY'
  | 'VERIFICATION_CLOSED'
  | 'AUDIT_QUESTION_INVALID'
  | 'AUDIT_PATTERN_UNSUPPORTED'
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

/** The code of an error of any lib, for a log line; `UNEXPECTED` when it has none. A foreign message may quote what it was about. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED';
}
