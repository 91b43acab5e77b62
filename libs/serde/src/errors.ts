/** Stable codes of what this lib refuses. Key-related refusals (`USER_FORGOTTEN`, …) come through from @oubliette/keyring. */
export type SerdeErrorCode =
  | 'EVENT_INVALID'
  | 'EVENT_SPEC_INVALID'
  | 'VALUE_INVALID'
  | 'SCHEMA_INVALID'
  | 'SCHEMA_UNKNOWN'
  | 'SCHEMA_REGISTRY_UNAVAILABLE';

/** Names paths, streams and types; never a value. `path` is the dotted field path, empty for the whole. */
export class SerdeError extends Error {
  override readonly name = 'SerdeError';

  constructor(
    readonly code: SerdeErrorCode,
    message: string,
    readonly path = '',
  ) {
    super(message);
  }
}

/** The code of an error of any lib; null when it has none. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
