export type TestingErrorCode =
  | 'KAFKA_LIBS_MISSING'
  | 'POSTGRES_MISSING'
  | 'REGISTRY_JAR_MISSING'
  | 'OPENBAO_MISSING'
  | 'MOTO_MISSING'
  | 'PROCESS_FAILED'
  | 'PROCESS_NOT_READY';

/** A real component could not be started; the message names its log file. */
export class TestingError extends Error {
  readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string) {
    super(message);
    this.name = 'TestingError';
    this.code = code;
  }
}
