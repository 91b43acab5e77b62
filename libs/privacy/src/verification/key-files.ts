import { join } from 'node:path/posix';
import type { UserRef } from '@oubliette/keyring';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { FilesPass, ReadSegment } from './erasure-evidence.js';
import type { FilesReport, ReadDirectory, ReadLogDir } from './files-report.js';
import type { ForgottenUser } from './key-record-judge.js';
import { isWhollyRead, verifyFiles } from './verify-files.js';

/** A file in which a key stands that should be gone. */
export interface StandingFile {
  /** null: the log directory does not say whose it is. */
  readonly replica: number | null;
  /** Under the log directory. */
  readonly file: string;
}

/** What was seen of a partition in one log directory. */
export interface FilesReading {
  readonly replica: number | null;
  /** For whomever has nothing standing; null: nothing of the partition can be read there. */
  readonly pass: FilesPass | null;
  /** Whose keys stand, and in which file first. */
  readonly standing: ReadonlyMap<UserRef, string>;
}

/** Looks into the key topic's files, once for all users asked about. Rejects with the signal's reason. */
export interface KeyFiles {
  look(
    partition: number,
    users: readonly ForgottenUser[],
    signal: AbortSignal,
  ): Promise<readonly FilesReading[]>;
}

export interface LogDirKeyFilesParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keyTopic: string;
  /** Of brokers, as this process sees them. */
  readonly logDirs: readonly string[];
}

/** An entry of the ledger has room for so many, of all log directories: its mirror is a record of a topic. */
const segmentsKept = 256;

/** The key topic's files in log directories that this process can read. */
export class LogDirKeyFiles implements KeyFiles {
  /** The log directories that were warned of, by number. */
  readonly #warned = new Set<number>();

  constructor(private readonly parts: LogDirKeyFilesParts) {}

  async look(
    partition: number,
    users: readonly ForgottenUser[],
    signal: AbortSignal,
  ): Promise<readonly FilesReading[]> {
    const { disk, clock, keyTopic, logDirs } = this.parts;
    const readings: FilesReading[] = [];
    let room = segmentsKept;
    for (const [number, path] of logDirs.entries()) {
      const at = Math.floor(clock.now());
      const scope = { logDirs: [path], keyTopic, partition };
      const report = await verifyFiles(disk, scope, { users }, { signal });
      const [logDir] = report.logDirs;
      if (logDir === undefined) continue;
      this.#warn(number, logDir);
      const pass = passOf(logDir, at, { isStrange: report.bytes.total > 0, room });
      room -= pass?.segments.length ?? 0;
      readings.push({ replica: logDir.broker, pass, standing: standingIn(report, users) });
    }
    return readings;
  }

  #warn(number: number, { broker, unreadable }: ReadLogDir): void {
    if (broker !== null || this.#warned.has(number)) return;
    this.#warned.add(number);
    const fields = { number, reason: unreadable ?? 'no meta.properties' };
    this.parts.logger.warn('A log directory cannot be looked at: no certificate names its files.', fields);
  }
}

/** `isStrange`: a pseudonym or a kid stands where no records are, and nobody can say what is beside it. */
function passOf(
  logDir: ReadLogDir,
  at: number,
  { isStrange, room }: { readonly isStrange: boolean; readonly room: number },
): FilesPass | null {
  const { broker, directories } = logDir;
  const read = directories.filter(({ topic }) => topic !== null);
  if (broker === null || read.length === 0) return null;
  const files = read.flatMap((directory) => directory.files);
  return {
    at,
    replica: broker,
    outcome: isWhollyRead(logDir) && !isStrange ? 'clean' : 'unclear',
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    segments: read.flatMap(segmentsOf).slice(0, room),
  };
}

function segmentsOf({ name, files }: ReadDirectory): ReadSegment[] {
  return files
    .filter(({ kind }) => kind === 'log')
    .map(({ name: file, bytes, records }) => ({ file: `${name}/${file}`, bytes, records }));
}

function standingIn({ keys, usersWithKeys }: FilesReport, users: readonly ForgottenUser[]) {
  const standing = new Map<UserRef, string>();
  const firstOf = new Map(keys.first.toReversed().map((key) => [key.user, key]));
  for (const user of usersWithKeys) {
    // Of thousands of keys a report gives the first places.
    const place = firstOf.get(user) ?? keys.first[0];
    const userRef = users[user]?.userRef;
    if (userRef !== undefined && place !== undefined)
      standing.set(userRef, join(place.directory, place.file));
  }
  return standing;
}
