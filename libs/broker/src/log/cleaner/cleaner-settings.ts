/** The broker's settings of its cleaner, under Kafka's names without `log.cleaner.` in camel case. */
export interface CleanerSettings {
  /** `false`: nothing is compacted and, as in Kafka, compacted logs know no retention either. */
  readonly enable: boolean;
  /** Bytes of the table of keys; shared out among `threads`, of which only one exists. */
  readonly dedupeBufferSize: number;
  /** How full the table may get (log.cleaner.io.buffer.load.factor). */
  readonly loadFactor: number;
  readonly threads: number;
  /** Bytes a second, read and written together; Infinity for no limit. */
  readonly ioMaxBytesPerSecond: number;
}

/** Kafka's defaults (CleanerConfig). */
export const defaultCleanerSettings: CleanerSettings = {
  enable: true,
  dedupeBufferSize: 128 * 1024 * 1024,
  loadFactor: 0.9,
  threads: 1,
  ioMaxBytesPerSecond: Infinity,
};
