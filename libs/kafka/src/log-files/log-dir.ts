import { join } from 'node:path/posix';
import { DiskError, type Disk } from '@oubliette/runtime';
import { parsePartitionDirectory, type PartitionDirectory } from './partition-directory.js';

/** One directory of a log directory, with the names of its files, sorted. */
export interface ListedDirectory {
  /** Empty: the log directory itself, with its checkpoints. */
  readonly name: string;
  /** null: the log directory itself, or one that is no partition's: Kafka does not start with such a one, so somebody made it. */
  readonly of: PartitionDirectory | null;
  readonly files: readonly string[];
  /** Directories in it: Kafka makes none within a partition's. */
  readonly directories: readonly string[];
  /** Why it could not be listed, as the operating system says: ENOENT where it went away or was renamed meanwhile; null where it was. */
  readonly unlisted: string | null;
}

const metaProperties = 'meta.properties';
const mostMetaBytes = 64 * 1024;
/** Kafka's own, of indexes alone (RemoteIndexCache.DIR_NAME), and the file system's: neither is read. */
const passedOver = new Set(['remote-log-index-cache', 'lost+found']);

/** Whether there is a `meta.properties`, which every log directory of a broker has. */
export function isLogDir(disk: Disk, path: string): boolean {
  return disk.existsSync(join(path, metaProperties));
}

/** The id of the broker whose log directory this is, as its `meta.properties` says; null where that does not say. */
export function brokerIdOf(disk: Disk, path: string): number | null {
  const file = join(path, metaProperties);
  if (!disk.existsSync(file)) return null;
  const { size } = disk.statSync(file);
  // A pipe has no size, and reading it would wait for a writer.
  if (size === 0 || size > mostMetaBytes) return null;
  const text = Buffer.from(disk.readFileSync(file)).toString('latin1');
  const id = /^\s*(?:node|broker)\.id\s*[=:]\s*(\d{1,10})\s*$/m.exec(text)?.[1];
  return id === undefined ? null : Number(id);
}

/**
 * The directories of a broker's log directory (`log.dirs`) that `isWanted`, sorted by name, the log directory itself first. Throws
 * DiskError where the log directory itself cannot be listed.
 */
export function listLogDir(
  disk: Disk,
  path: string,
  isWanted: (directory: PartitionDirectory | null) => boolean,
): ListedDirectory[] {
  const { files, directories } = listed(disk, path, '', null);
  // Kafka follows links in its log directory (File.isDirectory), and a list does not.
  const linked = new Set(files.filter((name) => isDirectory(disk, join(path, name))));
  const names = [...directories, ...linked].sort();
  const found: ListedDirectory[] = [
    {
      name: '',
      of: null,
      files: files.filter((name) => !linked.has(name)),
      directories: names,
      unlisted: null,
    },
  ];
  for (const name of names) {
    const of = parsePartitionDirectory(name);
    if (passedOver.has(name) || !isWanted(of)) continue;
    try {
      found.push(listed(disk, join(path, name), name, of));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      found.push({ name, of, files: [], directories: [], unlisted: error.code });
    }
  }
  return found;
}

function isDirectory(disk: Disk, path: string): boolean {
  try {
    return disk.statSync(path).kind === 'directory';
  } catch (error) {
    // Gone meanwhile, or a link to nothing: as a file it is said to be.
    if (error instanceof DiskError) return false;
    throw error;
  }
}

function listed(disk: Disk, path: string, name: string, of: PartitionDirectory | null): ListedDirectory {
  const entries = disk.listSync(path);
  const ofKind = (wanted: string): string[] =>
    entries
      .filter(({ kind }) => kind === wanted)
      .map((entry) => entry.name)
      .sort();
  return { name, of, files: ofKind('file'), directories: ofKind('directory'), unlisted: null };
}
