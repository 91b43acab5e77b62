/** What a directory entry is. */
export type EntryKind = 'file' | 'directory';

/** An open file. Positions and sizes are in bytes. */
export interface DiskFile {
  readonly path: string;
  size(): number;
  /** Size, and when the content last changed: ms since the Unix epoch, whole. */
  stat(): { size: number; modifiedMs: number };
  /** The same for every name that the file has, and another for each file: tells a file renamed from one replaced. */
  identity(): string;
  /** Says that the content last changed at that time. */
  setModifiedSync(ms: number): void;
  /** Reads up to `length` bytes into `target` at `offset`; resolves to the count read (short only at the end of the file). */
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  readSync(target: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes all buffers in order from `position`; nothing is durable before `sync`. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  writeSync(buffers: readonly Uint8Array[], position: number): void;
  truncateSync(size: number): void;
  /** Makes every byte written so far durable (fdatasync). */
  sync(): Promise<void>;
  syncSync(): void;
  closeSync(): void;
}

/**
 * The only door to the file system. Errors are `DiskError` with Node's code (ENOENT, ENOSPC, EACCES, …).
 * Name changes (create, rename, remove) are durable after `syncDirectory` of their directory. What is asynchronous takes effect at some
 * moment before its promise resolves; when it rejects, all of it, a part, or nothing may have happened.
 */
export interface Disk {
  /** `read` needs the file to exist; `write` creates it when missing and keeps its content. */
  openSync(path: string, mode: 'read' | 'write', permissions?: number): DiskFile;
  readFileSync(path: string): Uint8Array;
  /** Replaces a file as one step: temporary name, write, sync, rename, sync of the directory. */
  replaceFileSync(path: string, content: Uint8Array, permissions?: number): void;
  listSync(directory: string): readonly { name: string; kind: EntryKind }[];
  existsSync(path: string): boolean;
  /** The absolute path without symbolic links, as far as it exists; what does not exist stays as given. */
  realPathSync(path: string): string;
  /** Permission bits (mode & 0o777), owner and size of an entry. */
  statSync(path: string): { kind: EntryKind; size: number; mode: number };
  /** The volume that holds the path: its size, and what of it this process may still use. */
  volumeSync(path: string): { totalBytes: bigint; usableBytes: bigint };
  /** Creates the directory and its parents; no error when it exists. */
  makeDirectorySync(path: string, permissions?: number): void;
  renameSync(from: string, to: string): void;
  /** Gives a file a second name; EEXIST when that is taken. Not every file system can (EPERM, ENOTSUP). */
  linkSync(from: string, to: string): void;
  removeFileSync(path: string): void;
  /** The same without holding others up: freeing a large file takes long. */
  removeFile(path: string): Promise<void>;
  /** Removes a directory and everything below it. */
  removeDirectorySync(path: string): void;
  removeDirectory(path: string): Promise<void>;
  syncDirectorySync(path: string): void;
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes an exclusive lock for the life of this process; throws DiskError with code ELOCKED when a living process holds it.
   * Returns the release.
   */
  lockSync(path: string): () => void;
}
