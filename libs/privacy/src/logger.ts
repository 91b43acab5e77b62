/** Facts about an event. Never a personal value. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where this lib's messages go. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const nothing = (): void => undefined;

/** Drops everything: what a caller gets who gives no logger. */
export const silentLogger: Logger = { info: nothing, warn: nothing, error: nothing };
