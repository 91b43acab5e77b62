import type { DiskFile } from '../disk.js';
import { DiskError } from '../errors.js';
import type { FileNode } from './simulated-node.js';

export type Operation =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'
  | 'list'
  | 'stat'
  | 'create'
  | 'rename'
  | 'link'
  | 'remove'
  | 'lock';

/** What an open file needs from its disk. */
export interface Host {
  /** Throws when the disk crashed or a failure is injected. */
  enter(operation: Operation, path: string): void;
  /** Like `enter` for a write; returns how many of `length` bytes may still be written before `error`. */
  admitWrite(path: string, length: number, growth: number): { allowed: number; error: DiskError | null };
  /** Another for each file. */
  identityOf(node: FileNode): string;
  /** Wall-clock ms. */
  now(): number;
  /** Lets other tasks run, as a thread pool would. */
  turn(): Promise<void>;
}

/** An open file of a SimulatedDisk. */
export class SimulatedFile implements DiskFile {
  #closed = false;

  constructor(
    readonly path: string,
    private readonly node: FileNode,
    private readonly host: Host,
    private readonly writable: boolean,
  ) {}

  size(): number {
    this.#enter('stat');
    return this.node.size;
  }

  stat(): { size: number; modifiedMs: number } {
    this.#enter('stat');
    return { size: this.node.size, modifiedMs: this.node.modifiedMs };
  }

  identity(): string {
    this.#enter('stat');
    return this.host.identityOf(this.node);
  }

  setModifiedSync(ms: number): void {
    this.#enter('stat');
    this.node.modifiedMs = ms;
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.host.turn();
    return this.readSync(target, offset, length, position);
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    this.#enter('read');
    if (offset + length > target.length) throw new DiskError('EINVAL', 'read', this.path);
    const bytes = this.node.view().subarray(position, position + length);
    target.set(bytes, offset);
    return bytes.length;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    await this.host.turn();
    this.writeSync(buffers, position);
  }

  writeSync(buffers: readonly Uint8Array[], position: number): void {
    this.#enter('write');
    if (!this.writable) throw new DiskError('EBADF', 'write', this.path);
    let at = position;
    for (const buffer of buffers) {
      const growth = Math.max(0, at + buffer.length - this.node.size);
      const { allowed, error } = this.host.admitWrite(this.path, buffer.length, growth);
      if (allowed > 0) this.node.write(buffer.subarray(0, allowed), at);
      this.node.modifiedMs = this.host.now();
      if (error) throw error;
      at += buffer.length;
    }
  }

  truncateSync(size: number): void {
    this.#enter('truncate');
    if (!this.writable) throw new DiskError('EINVAL', 'truncate', this.path);
    this.node.resize(size);
    this.node.modifiedMs = this.host.now();
  }

  async sync(): Promise<void> {
    const finish = this.node.beginSync();
    await this.host.turn();
    this.#enter('sync');
    finish();
  }

  syncSync(): void {
    this.#enter('sync');
    this.node.beginSync()();
  }

  closeSync(): void {
    this.#enter('close');
    this.#closed = true;
  }

  #enter(operation: Operation): void {
    if (this.#closed) throw new DiskError('EBADF', operation, this.path);
    this.host.enter(operation, this.path);
  }
}
