export type OublietteErrorCode =
  | 'ACCESS_GUARD_MISSING'
  | 'CERTIFICATES_OFF'
  | 'AUDIT_STOPPED'
  | 'AUDIT_UNDER_WAY'
  | 'ENGINE_OPTIONS_INVALID'
  | 'EVENT_CLASS_INVALID'
  | 'FORGETTING_NOT_BEGUN'
  | 'HANDLER_FAILED'
  | 'HANDLER_INVALID'
  | 'PUBLISH_OPTIONS_INVALID'
  | 'PUBLISH_QUEUE_FULL'
  | 'RECORDS_UNAVAILABLE'
  | 'TOPIC_MISSING'
  | 'TOPIC_REFUSED';

/** Every error of this lib; `code` is stable, the message names no user and repeats no value. */
export class OublietteError extends Error {
  override readonly name = 'OublietteError';

  constructor(
    readonly code: OublietteErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Throw it in a handler for an event that no repetition can help, such as one with a field of another type: it is moved to
 * the dead-letter topic at once. Name the field in the message, never its value.
 */
export class EventRefusedError extends Error {
  override readonly name = 'EventRefusedError';
  readonly code = 'EVENT_REFUSED';
}

/** The stable code of an error of any lib, for logs, metrics and answers; null when it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(error.code) ? error.code : null;
}

/** What a log may say about an error that is not ours: its name, code and stack frames, not its message, which may quote a value. */
export function withoutMessage(error: unknown): string {
  if (!(error instanceof Error)) return 'a thrown value that is no Error';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [`${error.name}${codeOf(error) === null ? '' : ` ${codeOf(error)}`}`, ...frames.slice(0, 10)].join(
    '\n',
  );
}
