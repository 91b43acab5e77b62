import type { Disk, DiskFile } from '@oubliette/runtime';
import {
  deletedSuffix,
  segmentFile,
  segmentFileKinds,
  segmentStem,
  type SegmentFileKind,
} from './file-names.js';

/** The files of one segment: their names, from the log file's opening until all of them are unlinked. */
export class SegmentFiles {
  readonly file: DiskFile;
  /** The files' paths up to their kind. */
  readonly #stem: string;
  #suffix: string;
  #readers = 0;
  #closeWanted = false;

  /** Opens the log file, which is made where it is not there. */
  constructor(
    protected readonly disk: Disk,
    readonly directory: string,
    readonly baseOffset: bigint,
    suffix: string,
  ) {
    this.file = disk.openSync(`${directory}/${segmentFile(baseOffset, 'log')}${suffix}`, 'write');
    this.#stem = `${directory}/${segmentStem(baseOffset)}`;
    this.#suffix = suffix;
  }

  path(kind: SegmentFileKind): string {
    return `${this.#stem}.${kind}${this.#suffix}`;
  }

  /** Keeps the log file open while somebody reads: a closed descriptor's number may already be another file's. */
  async whileOpen<T>(use: () => Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await use();
    } finally {
      this.#readers--;
      if (this.#closeWanted && this.#readers === 0) this.file.closeSync();
    }
  }

  get isClosed(): boolean {
    return this.#closeWanted;
  }

  /** Whether retention or cleaning took it away, and its files wait to be unlinked. */
  get isDeleted(): boolean {
    return this.#suffix === deletedSuffix;
  }

  close(): void {
    if (this.#closeWanted) return;
    this.#closeWanted = true;
    if (this.#readers === 0) this.file.closeSync();
  }

  /** Renames all files of the segment, the log file last to come and first to go under its plain name. */
  changeSuffix(suffix: string): void {
    const kinds = this.#suffix === '' ? segmentFileKinds : [...segmentFileKinds].reverse();
    const from = kinds.map((kind) => this.path(kind));
    this.#suffix = suffix;
    for (const [index, kind] of kinds.entries()) {
      const path = from[index];
      if (path !== undefined && this.disk.existsSync(path)) this.disk.renameSync(path, this.path(kind));
    }
  }

  /** Unlinks the index files of a segment that has its indexes in memory. */
  removeIndexes(): void {
    for (const path of [this.path('index'), this.path('timeindex')])
      if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
  }

  /** Unlinks the segment's files and closes it. */
  removeFiles(): void {
    this.close();
    for (const kind of segmentFileKinds) {
      const path = this.path(kind);
      if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
    }
  }

  /** The same without holding others up. */
  async unlink(): Promise<void> {
    this.close();
    for (const kind of segmentFileKinds) {
      const path = this.path(kind);
      if (this.disk.existsSync(path)) await this.disk.removeFile(path);
    }
  }
}
