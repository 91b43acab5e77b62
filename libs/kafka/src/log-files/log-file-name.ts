/** What a file of a partition's directory is, by its name (Kafka's LogFileUtils); `other` for names that Kafka does not give a segment. */
export type LogFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot' | 'other';

/** `deleted` waits to be unlinked; `cleaned` and `swap` are on their way into the place of others. */
export type LogFileState = 'live' | 'deleted' | 'cleaned' | 'swap';

const pattern =
  /^\d{20}\.(?<kind>log|index|timeindex|txnindex|snapshot)(?:\.(?<state>deleted|cleaned|swap))?$/;

export function parseLogFileName(name: string): { kind: LogFileKind; state: LogFileState } {
  const { kind, state } = pattern.exec(name)?.groups ?? {};
  return { kind: (kind as LogFileKind | undefined) ?? 'other', state: (state as LogFileState) ?? 'live' };
}
