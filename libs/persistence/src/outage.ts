import { PersistenceError } from './errors.js';

/** Node's codes of a connection that is refused, lost or cannot be made. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** PostgreSQL, Appendix A: class 08 connection exceptions, 53300 too many connections, 57P01 to 57P03 shutting down or starting. */
const outageState = /^(08...|53300|57P0[123])$/;

/** What node-postgres says, without a code, of a connection that ended under a query. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

/**
 * The error to throw instead of one that says that the database cannot be reached just now: `DATABASE_UNREACHABLE`, which is
 * retriable. Any other error comes back as it is.
 */
export function asOutage(error: unknown): unknown {
  if (!isOutage(error)) return error;
  return new PersistenceError(
    'DATABASE_UNREACHABLE',
    'The database cannot be reached just now. Check that it runs; what was begun is tried again.',
    { cause: error },
  );
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof PersistenceError) return false;
  // A refused connection to several addresses comes as one error with all of them (Happy Eyeballs).
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isOutage);
  const code = 'code' in error ? String(error.code) : '';
  if (connectionCodes.has(code) || outageState.test(code) || lostConnection.test(error.message)) return true;
  return 'driverError' in error && isOutage(error.driverError);
}
