import { ProblemError } from '@oubliette/nest';
import { FieldError } from './body-fields.js';

/** Runs `read` on a request's body; a FieldError becomes a 400 problem that names the field. */
export function badFieldAsProblem<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new ProblemError(400, 'BODY_INVALID', `${error.field} ${error.problem}.`, error.field);
  }
}
