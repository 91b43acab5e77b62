import { join } from 'node:path/posix';
import {
  brokerIdOf,
  listLogDir,
  parseLogFileName,
  readLogFile,
  type ListedDirectory,
  type LogFileVisitor,
  type LogTrouble,
  type PartitionDirectory,
} from '@oubliette/kafka';
import { DiskError, type Disk, type DiskFile } from '@oubliette/runtime';
import type { FileFindings, Place } from './file-findings.js';
import type { ReadDirectory, ReadFile, ReadLogDir } from './files-report.js';

export interface LogDirReadingOptions {
  readonly isWanted: (of: PartitionDirectory | null) => boolean;
  readonly isKeyTopic: (of: PartitionDirectory | null) => boolean;
  readonly signal?: AbortSignal;
}

/** What is written down of one directory while it is read. */
interface Notes {
  readonly name: string;
  readonly of: PartitionDirectory | null;
  readonly files: ReadFile[];
  readonly vanished: Set<string>;
  readonly unreadable: Map<string, string>;
  waiting: readonly string[];
}

interface Entry {
  readonly directory: Notes;
  readonly name: string;
}

/** A cleaner that is this busy renames and replaces faster than anybody can look. */
const mostRounds = 10;
const troublesKept = 16;

/** Reads one log directory until a look at it shows nothing that was not read. */
export class LogDirReading {
  readonly #directories = new Map<string, Notes>();
  readonly #read = new Set<string>();

  constructor(
    private readonly disk: Disk,
    private readonly logDir: { readonly index: number; readonly path: string },
    private readonly findings: FileFindings,
    private readonly options: LogDirReadingOptions,
  ) {}

  async run(): Promise<ReadLogDir> {
    const { path } = this.logDir;
    try {
      const broker = brokerIdOf(this.disk, path);
      const isSettled = await this.#readAll();
      const directories = [...this.#directories.values()].map(reportOf).sort(byName);
      return { logDir: path, broker, unreadable: null, isSettled, directories };
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return { logDir: path, broker: null, unreadable: error.code, isSettled: false, directories: [] };
    }
  }

  /**
   * A file may be renamed after it was listed, or its records copied into another one, before it is opened: the next round finds the new
   * name, or the new file under an old one. True when a round found neither.
   */
  async #readAll(): Promise<boolean> {
    for (let round = 0; round < mostRounds; round++) {
      const listed = listLogDir(this.disk, this.logDir.path, this.options.isWanted);
      const entries = listed.flatMap((directory) => this.#note(directory));
      let changes = listed.filter(({ unlisted }) => unlisted === 'ENOENT').length;
      // Logs first: the kids that their records have are looked for in the others.
      for (const isLog of [true, false])
        for (const entry of entries)
          if ((parseLogFileName(entry.name).kind === 'log') === isLog) changes += await this.#visit(entry);
      if (changes === 0) return true;
    }
    return false;
  }

  #note({ name, of, files, directories, unlisted }: ListedDirectory): Entry[] {
    const directory: Notes = this.#directories.get(name) ?? {
      name,
      of,
      files: [],
      vanished: new Set(),
      unreadable: new Map(),
      waiting: [],
    };
    this.#directories.set(name, directory);
    const isGoing = of?.state === 'deleted';
    directory.waiting = files.filter((file) => isGoing || parseLogFileName(file).state !== 'live');
    if (name !== '') for (const inner of directories) directory.unreadable.set(inner, 'DIRECTORY');
    if (unlisted === 'ENOENT') directory.vanished.add('.');
    else if (unlisted !== null) directory.unreadable.set('.', unlisted);
    return files.map((file) => ({ directory, name: file }));
  }

  /** 1 where the file was not read before, or was gone. */
  async #visit({ directory, name }: Entry): Promise<0 | 1> {
    const file = this.#open(directory, name);
    if (file === null) return directory.unreadable.has(name) ? 0 : 1;
    try {
      const identity = file.identity();
      if (this.#read.has(identity)) return 0;
      this.#read.add(identity);
      directory.files.push(await this.#readFile(directory, name, file));
      directory.unreadable.delete(name);
      return 1;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      directory.unreadable.set(name, error.code);
      return 0;
    } finally {
      file.closeSync();
    }
  }

  #open(directory: Notes, name: string): DiskFile | null {
    try {
      return this.disk.openSync(join(this.logDir.path, directory.name, name), 'read');
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      if (error.code === 'ENOENT') directory.vanished.add(name);
      else directory.unreadable.set(name, error.code);
      return null;
    }
  }

  async #readFile(directory: Notes, name: string, file: DiskFile): Promise<ReadFile> {
    const { kind, state } = parseLogFileName(name);
    const troubles: LogTrouble[] = [];
    let troublesTotal = 0;
    const place = { logDir: this.logDir.index, directory: directory.name, file: name };
    const isKeyTopic = this.options.isKeyTopic(directory.of);
    const visitor = visitorOf(this.findings, place, isKeyTopic, (trouble) => {
      if (troublesTotal++ < troublesKept) troubles.push(trouble);
    });
    const { signal } = this.options;
    const tally = await readLogFile(file, kind === 'log', visitor, signal === undefined ? {} : { signal });
    return { name, kind, state, ...tally, troubles, troublesTotal };
  }
}

function visitorOf(
  findings: FileFindings,
  place: Place,
  isKeyTopic: boolean,
  trouble: (trouble: LogTrouble) => void,
): LogFileVisitor {
  const raw = findings.secretSearch(place, false, (position) => position);
  const names = findings.nameSearch(place);
  return {
    record: (record) => findings.record(record, place, isKeyTopic),
    unpacked: (payload, position) => findings.secretSearch(place, true, () => position).push(payload, 0),
    bytes: (bytes, position, isDecoded) => {
      raw.push(bytes, position);
      // Records say more of themselves than their bytes do: a tombstone has the pseudonym too.
      if (!isDecoded) names.push(bytes, position);
    },
    trouble,
  };
}

function reportOf({ name, of, files, vanished, unreadable, waiting }: Notes): ReadDirectory {
  return {
    name,
    topic: of?.topic ?? null,
    partition: of?.partition ?? null,
    state: of?.state ?? (name === '' ? 'root' : 'other'),
    files: [...files].sort(byName),
    waiting,
    vanished: [...vanished].sort(),
    unreadable: [...unreadable].map(([inner, reason]) => ({ name: inner, reason })).sort(byName),
  };
}

/** By code units, as everywhere in canonical JSON. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
