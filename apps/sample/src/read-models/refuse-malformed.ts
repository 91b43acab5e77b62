import { EventRefusedError } from '@oubliette/nest';
import { FieldError } from '../http/body-fields.js';

/**
 * Fields in clear are not authenticated: whoever may write to the topic chooses them. What the read models cannot hold is
 * moved aside at once, so that it does not hold up everybody else's events. Throws EventRefusedError.
 */
export function refuseMalformed(
  events: readonly object[],
  read: (event: Readonly<Record<string, unknown>>) => unknown,
): void {
  for (const event of events) {
    try {
      read(event as Readonly<Record<string, unknown>>);
    } catch (error) {
      if (error instanceof FieldError) throw new EventRefusedError(error.message);
      throw error;
    }
  }
}
