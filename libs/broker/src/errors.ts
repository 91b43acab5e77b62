/** Why a broker does not start or a setting is refused. The codes are stable. */
export type BrokerErrorCode =
  | 'PORT_TAKEN'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'DATA_DIR_LOCKED'
  | 'DATA_DIR_NOT_WRITABLE'
  | 'DATA_DIR_CORRUPT'
  | 'CONFIG_INVALID'
  /** It was told to stop before it was ready. */
  | 'STOPPED';

/** An error of the broker itself; errors answered to clients are `KafkaError`s of @oubliette/protocol. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';

  constructor(
    readonly code: BrokerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
