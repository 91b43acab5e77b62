import { Buffer } from 'node:buffer';
import { dirname } from 'node:path/posix';
import { DiskError, type Disk } from '@oubliette/runtime';
import { writeWhole } from './write-whole.js';

/** The reserve is made that much larger than asked for, so that it is not made anew for each topic. */
const marginBytes = 16_384;

/**
 * Room on the disk that is kept for the state's file: a second file of blanks, at least as large. When the disk is full, a state that
 * has become smaller is written over the blanks, which takes no new room where files are overwritten in place (ext4, XFS, tmpfs; not on
 * file systems that copy on write), and that file takes the state's name; the one it replaces is the next reserve.
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
    if (this.#size() >= bytes) return;
    const wanted = bytes + marginBytes;
    try {
      await writeWhole(this.disk, this.#reserve, Buffer.alloc(wanted, ' '));
      await this.disk.syncDirectory(dirname(this.path));
    } catch (error) {
      this.#bytes = null;
      throw error;
    }
    this.#bytes = wanted;
  }

  /** Writes the state into the reserve. Rejects with DiskError: ENOSPC without a reserve that is large enough. */
  async use(content: Uint8Array): Promise<void> {
    if (this.#size() < content.length) throw new DiskError('ENOSPC', 'write', this.path);
    this.#bytes = null;
    await writeWhole(this.disk, this.#reserve, content);
    await this.replace(this.#reserve, this.#reserve);
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
    if (hasOld) this.#release(keepAs);
  }

  /** Only once the replacement is synced: after a crash the reserve and the state are never one file. */
  #release(keepAs: string | undefined): void {
    try {
      if (keepAs === undefined) this.disk.removeFileSync(this.#old);
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

  #size(): number {
    this.#bytes ??= this.disk.existsSync(this.#reserve) ? this.disk.statSync(this.#reserve).size : 0;
    return this.#bytes;
  }
}
