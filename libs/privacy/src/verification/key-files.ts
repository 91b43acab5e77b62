import type { UserRef } from '@oubliette/keyring';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { FilesPass, ReadSegment } from './erasure-evidence.js';
import type { FilesReport, ReadDirectory, ReadLogDir } from './files-report.js';
import type { ForgottenUser } from './key-record-judge.js';
import { isWhollyRead, verifyFiles } from './verify-files.js';

/** A file in which a key stands that should be gone. */
export interface StandingFile {
  readonly replica: number | null;
  /** Under the log directory. */
  readonly file: string;
}

/** What one look at a partition's files showed. */
export interface FilesLook {
  /** What was read, for whomever has nothing standing. */
  readonly passes: readonly FilesPass[];
  /** Whose keys stand in a file, and in which first. */
  readonly standing: ReadonlyMap<UserRef, StandingFile>;
}

/** Looks into the key topic's files, once for all users asked about. Rejects with the signal's reason. */
export interface KeyFiles {
  look(partition: number, users: readonly ForgottenUser[], signal: AbortSignal): Promise<FilesLook>;
}

export interface LogDirKeyFilesParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keyTopic: string;
  /** Of brokers, as this process sees them. */
  readonly logDirs: readonly string[];
}

/** An entry of the ledger has room for so many. */
const segmentsKept = 256;

/** The key topic's files in log directories that this process can read. */
export class LogDirKeyFiles implements KeyFiles {
  constructor(private readonly parts: LogDirKeyFilesParts) {}

  async look(partition: number, users: readonly ForgottenUser[], signal: AbortSignal): Promise<FilesLook> {
    const { disk, clock, keyTopic, logDirs } = this.parts;
    const at = Math.floor(clock.now());
    const report = await verifyFiles(disk, { logDirs, keyTopic, partition }, { users }, { signal });
    this.#warn(report);
    return {
      passes: report.logDirs.flatMap((logDir, index) => passOf(logDir, at, hasStrangeBytes(report, index))),
      standing: standingIn(report, users),
    };
  }

  #warn({ logDirs }: FilesReport): void {
    for (const [number, { broker, unreadable }] of logDirs.entries())
      if (broker === null)
        this.parts.logger.warn('A log directory cannot be looked at: no certificate names its files.', {
          number,
          reason: unreadable ?? 'no meta.properties',
        });
  }
}

/** None where the broker has nothing of the partition there. */
function passOf(logDir: ReadLogDir, at: number, isStrange: boolean): FilesPass[] {
  const { broker, directories } = logDir;
  const read = directories.filter(({ state }) => state !== 'root');
  if (broker === null || read.length === 0) return [];
  const files = read.flatMap((directory) => directory.files);
  return [
    {
      at,
      replica: broker,
      outcome: isWhollyRead(logDir) && !isStrange ? 'clean' : 'unclear',
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      segments: read.flatMap(segmentsOf).slice(0, segmentsKept),
    },
  ];
}

function segmentsOf({ name, files }: ReadDirectory): ReadSegment[] {
  return files
    .filter(({ kind }) => kind === 'log')
    .map(({ name: file, bytes, records }) => ({ file: `${name}/${file}`, bytes, records }));
}

function standingIn({ keys, usersWithKeys, logDirs }: FilesReport, users: readonly ForgottenUser[]) {
  const standing = new Map<UserRef, StandingFile>();
  const firstOf = new Map(keys.first.toReversed().map((key) => [key.user, key]));
  for (const user of usersWithKeys) {
    const userRef = users[user]?.userRef;
    // Of more keys than a report names, the place of the first stands for the others'.
    const key = firstOf.get(user) ?? keys.first[0];
    if (userRef === undefined || key === undefined) continue;
    const replica = logDirs[key.logDir]?.broker ?? null;
    standing.set(userRef, { replica, file: `${key.directory}/${key.file}` });
  }
  return standing;
}

/** A pseudonym or a kid where no records are: nobody can say what stands beside it. */
function hasStrangeBytes({ bytes }: FilesReport, logDir: number): boolean {
  return bytes.total > bytes.first.length || bytes.first.some((found) => found.logDir === logDir);
}
