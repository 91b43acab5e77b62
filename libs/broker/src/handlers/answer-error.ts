import { ErrorCode, KafkaError } from '@oubliette/protocol';
import type { Logger } from '../logger.js';

/** An error as an answer carries it. */
export interface AnsweredError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const noError: AnsweredError = { errorCode: ErrorCode.NONE, errorMessage: null };

/** The code and text for a client; what is not a KafkaError is our fault: it is logged and answered UNKNOWN_SERVER_ERROR. */
export function answerError(error: unknown, logger: Logger): AnsweredError {
  if (error instanceof KafkaError) {
    const prefix = `${error.codeName}: `;
    const text = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : null;
    return { errorCode: error.code, errorMessage: text };
  }
  logger.error('a request failed unexpectedly', {
    reason: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
  });
  return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null };
}

/** Runs the work; its outcome as an answer's error. */
export function attempt(work: () => void, logger: Logger): AnsweredError {
  try {
    work();
    return noError;
  } catch (error) {
    return answerError(error, logger);
  }
}

/** The same for work that takes a while. */
export async function attemptLater(work: () => Promise<void>, logger: Logger): Promise<AnsweredError> {
  try {
    await work();
    return noError;
  } catch (error) {
    return answerError(error, logger);
  }
}
