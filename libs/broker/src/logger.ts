/** Facts about an event. Never a payload, a key, or anything a person can be recognised by. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where the broker reports what an operator should know. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Says nothing. */
export const silentLogger: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
