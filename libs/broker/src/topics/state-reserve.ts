import { Buffer } from 'node:buffer';
import { dirname } from 'node:path/posix';
import { DiskError, type Disk } from '@oubliette/runtime';
import { writeWhole } from '../log/whole-file.js';

/** Behind JSON it means nothing. */
const blank = ' ';

/** By so much the state can grow on a full disk at least, for changed settings. */
const keptBytes = 8_192;
/** By so much the reserve is larger than the state when it is made, so that it is not made anew for each topic. */
const marginBytes = 24_576;

/**
 * Room on the disk that is kept for the state's file: a second file, and blanks behind the state so that both are of one size. When the
 * disk is full, a state that fits is written over the reserve, which takes no new room where files are overwritten in place (ext4, XFS,
 * tmpfs; not on file systems that copy on write), and that file takes the state's name; the one it replaces is the next reserve.
 */
export class StateReserve {
  readonly #reserve: string;
  /** The second name of the state's file while it is replaced. */
  readonly #old: string;
  /** Null until it was looked for. */
  #bytes: number | null = null;

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
  ) {
    this.#reserve = `${path}.reserve`;
    this.#old = `${path}.old`;
  }

  /** Has room for a state of so many bytes before that state is written. Rejects with DiskError; what there was is kept then. */
  async provide(bytes: number): Promise<void> {
    if (this.size >= bytes + keptBytes) return;
    const wanted = bytes + marginBytes;
    try {
      await writeWhole(this.disk, this.#reserve, Buffer.alloc(wanted, blank));
      await this.disk.syncDirectory(dirname(this.path));
    } catch (error) {
      this.#bytes = null;
      throw error;
    }
    this.#bytes = wanted;
  }

  /** Writes the state into the reserve. Rejects with DiskError: ENOSPC without a reserve that is large enough. */
  async use(content: Uint8Array): Promise<void> {
    if (this.size < content.length) throw new DiskError('ENOSPC', 'write', this.path);
    const padded = this.padded(content);
    this.#bytes = null;
    await writeWhole(this.disk, this.#reserve, padded);
    await this.replace(this.#reserve, this.#reserve);
  }

  /** The state as it is written: as large as the reserve, whose place it may take one day. */
  padded(content: Uint8Array): Uint8Array {
    const padded = Buffer.alloc(Math.max(content.length, this.size), blank);
    padded.set(content);
    return padded;
  }

  /**
   * Gives a synced draft the state's name. Where that cannot be synced the old file gets its name back: nobody is told of a change that
   * was not kept, nor is one kept that was refused. `keepAs` is what the replaced file is called from then on; without it, it goes.
   */
  async replace(draft: string, keepAs?: string): Promise<void> {
    const { disk, path } = this;
    const hasOld = this.#link();
    disk.renameSync(draft, path);
    try {
      await disk.syncDirectory(dirname(path));
    } catch (error) {
      if (hasOld) disk.renameSync(this.#old, path);
      throw error;
    }
    if (hasOld) await this.#release(keepAs);
  }

  /** Only once the replacement is synced: after a crash the reserve and the state are never one file. */
  async #release(keepAs: string | undefined): Promise<void> {
    try {
      if (keepAs === undefined) await this.disk.removeFile(this.#old);
      else this.disk.renameSync(this.#old, keepAs);
    } catch (error) {
      // The change stands; what is left of the old file goes before the next one.
      if (!(error instanceof DiskError)) throw error;
    }
  }

  /** False on a file system without second names, and before there is a file. */
  #link(): boolean {
    const { disk, path } = this;
    // What a crash or a failure left.
    if (disk.existsSync(this.#old)) disk.removeFileSync(this.#old);
    if (!disk.existsSync(path)) return false;
    try {
      disk.linkSync(path, this.#old);
      return true;
    } catch (error) {
      if (error instanceof DiskError) return false;
      throw error;
    }
  }

  /** 0 without a reserve. */
  get size(): number {
    this.#bytes ??= this.disk.existsSync(this.#reserve) ? this.disk.statSync(this.#reserve).size : 0;
    return this.#bytes;
  }
}
