export type ProtocolErrorCode =
  | 'FRAME_OVERRUN'
  | 'INVALID_VARINT'
  | 'INVALID_LENGTH'
  | 'INVALID_VALUE'
  | 'INVALID_TAG'
  | 'NULL_NOT_ALLOWED'
  | 'FIELD_NOT_IN_VERSION'
  | 'UNKNOWN_API'
  | 'UNSUPPORTED_VERSION'
  | 'VALUE_TOO_LONG'
  | 'TOO_MANY_ELEMENTS'
  | 'TOO_MANY_AT_ONCE';

/**
 * Bytes that are no message, or a message that has no bytes. `path` leads to the field, outermost first. Names fields and
 * positions, never a value.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    readonly code: ProtocolErrorCode,
    readonly reason: string,
    readonly path: readonly string[] = [],
  ) {
    super(path.length === 0 ? reason : `${path.join('.')}: ${reason}`);
  }
}
