import type { LogFileKind, LogFileState, LogTrouble, PartitionDirectory } from '@oubliette/kafka';

/** What is looked at. */
export interface FilesScope {
  /** Directories of brokers (`log.dirs`), as this process sees them; one may be a copy. */
  readonly logDirs: readonly string[];
  readonly keyTopic: string;
  /** Of the key topic's partitions this alone. Default: all. */
  readonly partition?: number;
  /** Also the directories of all other topics, where only what is a key record counts. Default: of the key topic alone. */
  readonly everyTopic?: boolean;
}

/** One file that was read to its end. Bytes, batches and records are counts. */
export interface ReadFile {
  readonly name: string;
  readonly kind: LogFileKind;
  readonly state: LogFileState;
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
  /** Where no records could be read; those beyond the first 16 of a file are counted alone. */
  readonly troubles: readonly LogTrouble[];
  readonly troublesTotal: number;
}

export interface ReadDirectory {
  /** Empty: the log directory itself. */
  readonly name: string;
  readonly topic: string | null;
  readonly partition: number | null;
  /** `other`: no partition's, so made by somebody. */
  readonly state: PartitionDirectory['state'] | 'root' | 'other';
  /** By the names under which they were opened, sorted. */
  readonly files: readonly ReadFile[];
  /** At the end of the reading: files that wait to be unlinked, or the broker to go on. */
  readonly waiting: readonly string[];
  /** Were listed, and gone or renamed when they were to be opened; `.`: the directory itself. */
  readonly vanished: readonly string[];
  /** `reason`: the operating system's code, or DIRECTORY; `.`: the directory itself. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/** One log directory: what is readable of a replica. */
export interface ReadLogDir {
  readonly logDir: string;
  /** As its `meta.properties` says. */
  readonly broker: number | null;
  /** Why nothing could be read: the operating system's code; null where it could. */
  readonly unreadable: string | null;
  /** A last look showed no file that was not read. */
  readonly isSettled: boolean;
  readonly directories: readonly ReadDirectory[];
}

interface FoundIn {
  /** Index of the log directory in `logDirs`. */
  readonly logDir: number;
  readonly directory: string;
  readonly file: string;
}

/** A key record with a value of a user asked about. */
export interface StandingKey extends FoundIn {
  /** Which of the users asked about. */
  readonly user: number;
  /** Decimal. */
  readonly offset: string;
  /** `kidFingerprint`. */
  readonly kid: string;
  readonly lifecycle: number | null;
}

/**
 * Bytes that were looked for as they are: a `secret` of the caller's in any byte of any file, packed or not; a pseudonym or a kid where
 * no records are, in binary or as hex digits.
 */
export interface FoundBytes extends FoundIn {
  readonly kind: 'user-ref' | 'kid' | 'secret';
  /** Which of the secrets, or of the users asked about. */
  readonly number: number;
  /** Of the bytes in the file, or of the batch in which they are packed. */
  readonly position: number;
  readonly isPacked: boolean;
}

/** The first thousand, and how many there are. */
export interface Counted<T> {
  readonly total: number;
  readonly first: readonly T[];
}

/**
 * What files were read and what was found in them. Strings, whole numbers, booleans and null alone, and the same for the same files: fit
 * for canonical JSON. Holds no pseudonym, no kid and no byte of a key.
 */
export interface FilesReport {
  /**
   * `clean`: everything there was read, and nothing found. `remains`: a key record or a secret stands. `unclear`: neither, but something
   * could not be read, or a pseudonym stands where no records are.
   */
  readonly verdict: 'clean' | 'remains' | 'unclear';
  readonly users: number;
  readonly secrets: number;
  readonly logDirs: readonly ReadLogDir[];
  readonly keys: Counted<StandingKey>;
  /** Which of the users asked about have a key standing, ascending. */
  readonly usersWithKeys: readonly number[];
  /** Records without key material that say of a user asked about that a key is gone. */
  readonly tombstones: number;
  /** Records that say to be keys of a lifecycle that began after the erasure: not judged. */
  readonly later: number;
  readonly bytes: Counted<FoundBytes>;
}
