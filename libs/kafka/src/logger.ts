export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where the lib's messages go. Neither message nor fields ever carry a personal value. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const nothing = (): void => undefined;

/** Drops everything: what a caller gets who gives no logger. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
