import { posix } from 'node:path';
import type { Clock } from '../clock.js';
import type { Disk, DiskFile, EntryKind } from '../disk.js';
import { DiskError } from '../errors.js';
import { ManualClock } from './manual-clock.js';
import { SeededEntropy } from './seeded-entropy.js';
import { SimulatedFile, type Operation } from './simulated-file.js';
import { DirectoryNode, FileNode, type Node } from './simulated-node.js';

/** A failure to inject: the next `times` operations of that kind on matching paths fail with `code`. */
export interface Failure {
  readonly operation: Operation;
  readonly code: 'ENOSPC' | 'EACCES' | 'EIO' | 'EROFS' | 'EMFILE';
  /** All paths when absent. */
  readonly path?: (path: string) => boolean;
  /** Default 1; Infinity until `heal`. */
  readonly times?: number;
  /** Share of the bytes (0 to 1) that a failing write still stores. Default 0. */
  readonly stored?: number;
}

const volumeBytes = 2 ** 40;

/**
 * A disk in memory that behaves as badly as a real one may: after `crash`, bytes and names that were not synced are lost,
 * torn or zero; operations fail on demand; it can be full.
 */
export class SimulatedDisk implements Disk {
  #root: DirectoryNode;
  #crashed = false;
  #failures: { failure: Failure; left: number }[] = [];
  #freeBytes = Infinity;
  readonly #locks = new Set<string>();
  readonly #identities = new WeakMap<FileNode, string>();
  #files = 0;

  /** `clock` gives the files their times. */
  constructor(private readonly clock: Clock = new ManualClock()) {
    this.#root = new DirectoryNode(0o755);
  }

  /** Power cut: this object is dead from now on (EIO); the returned disk is what the machine finds after the restart. */
  crash(seed: number): SimulatedDisk {
    this.#crashed = true;
    const next = new SimulatedDisk(this.clock);
    next.#root = this.#root.afterCrash(new SeededEntropy(seed));
    return next;
  }

  fail(failure: Failure): void {
    this.#failures.push({ failure, left: failure.times ?? 1 });
  }

  /** Ends all injected failures. */
  heal(): void {
    this.#failures = [];
  }

  /** From now on files may grow by so many bytes in all; then ENOSPC. */
  setFreeBytes(bytes: number): void {
    this.#freeBytes = bytes;
  }

  openSync(path: string, mode: 'read' | 'write', permissions = 0o644): DiskFile {
    this.#enter('open', path);
    let node = this.#find(path);
    if (node?.kind === 'directory') throw new DiskError('EISDIR', 'open', path);
    if (!node) {
      if (mode === 'read') throw new DiskError('ENOENT', 'open', path);
      node = new FileNode(permissions, this.clock.now());
      this.#parent('open', path).change([[posix.basename(path), node]]);
    }
    return this.#fileOf(path, node, mode === 'write');
  }

  readFileSync(path: string): Uint8Array {
    const file = this.openSync(path, 'read');
    const content = new Uint8Array(file.size());
    file.readSync(content, 0, content.length, 0);
    file.closeSync();
    return content;
  }

  replaceFileSync(path: string, content: Uint8Array, permissions = 0o644): void {
    const draft = `${path}.tmp`;
    if (this.existsSync(draft)) this.removeFileSync(draft);
    const file = this.openSync(draft, 'write', permissions);
    try {
      file.writeSync([content], 0);
      file.syncSync();
    } finally {
      file.closeSync();
    }
    this.renameSync(draft, path);
    this.syncDirectorySync(posix.dirname(path));
  }

  listSync(directory: string): readonly { name: string; kind: EntryKind }[] {
    this.#enter('list', directory);
    const entries = this.#directory('list', directory).entries;
    return [...entries].map(([name, node]) => ({ name, kind: node.kind }));
  }

  /** There are no links here. */
  realPathSync(path: string): string {
    return posix.resolve('/', path);
  }

  existsSync(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  statSync(path: string): { kind: EntryKind; size: number; mode: number } {
    this.#enter('stat', path);
    const node = this.#find(path);
    if (!node) throw new DiskError('ENOENT', 'stat', path);
    return { kind: node.kind, size: node.kind === 'file' ? node.size : 0, mode: node.mode };
  }

  volumeSync(path: string): { totalBytes: bigint; usableBytes: bigint } {
    this.#enter('stat', path);
    if (!this.#find(path)) throw new DiskError('ENOENT', 'stat', path);
    const usableBytes = BigInt(Math.min(this.#freeBytes, volumeBytes));
    return { totalBytes: BigInt(volumeBytes), usableBytes };
  }

  makeDirectorySync(path: string, permissions = 0o755): void {
    this.#enter('create', path);
    let at = this.#root;
    for (const name of partsOf(path)) {
      let next = at.entries.get(name);
      if (next?.kind === 'file') throw new DiskError('ENOTDIR', 'create', path);
      if (!next) {
        next = new DirectoryNode(permissions);
        at.change([[name, next]]);
      }
      at = next;
    }
  }

  renameSync(from: string, to: string): void {
    this.#enter('rename', from);
    const node = this.#find(from);
    if (!node) throw new DiskError('ENOENT', 'rename', from);
    if (posix.normalize(from) === posix.normalize(to)) return;
    const source = this.#parent('rename', from);
    const target = this.#parent('rename', to);
    if (source === target) {
      source.change([
        [posix.basename(from), null],
        [posix.basename(to), node],
      ]);
    } else {
      target.change([[posix.basename(to), node]]);
      source.change([[posix.basename(from), null]]);
    }
  }

  linkSync(from: string, to: string): void {
    this.#enter('link', from);
    const node = this.#find(from);
    if (node?.kind !== 'file') throw new DiskError(node ? 'EPERM' : 'ENOENT', 'link', from);
    if (this.#find(to)) throw new DiskError('EEXIST', 'link', from);
    this.#parent('link', to).change([[posix.basename(to), node]]);
  }

  removeFileSync(path: string): void {
    this.#enter('remove', path);
    if (this.#find(path)?.kind !== 'file') throw new DiskError('ENOENT', 'remove', path);
    this.#parent('remove', path).change([[posix.basename(path), null]]);
  }

  async removeFile(path: string): Promise<void> {
    await turn();
    this.removeFileSync(path);
  }

  removeDirectorySync(path: string): void {
    this.#enter('remove', path);
    this.#directory('remove', path);
    this.#parent('remove', path).change([[posix.basename(path), null]]);
  }

  /** Entry by entry, as a real disk does it: a crash in between leaves what was not reached. */
  async removeDirectory(path: string): Promise<void> {
    await turn();
    for (const { name, kind } of this.listSync(path)) {
      if (kind === 'directory') await this.removeDirectory(posix.join(path, name));
      else await this.removeFile(posix.join(path, name));
    }
    this.removeDirectorySync(path);
  }

  syncDirectorySync(path: string): void {
    this.#enter('sync', path);
    this.#directory('sync', path).beginSync()();
  }

  async syncDirectory(path: string): Promise<void> {
    const finish = this.#directory('sync', path).beginSync();
    await turn();
    this.#enter('sync', path);
    finish();
  }

  lockSync(path: string): () => void {
    this.#enter('lock', path);
    this.#parent('lock', path);
    if (this.#locks.has(path)) throw new DiskError('ELOCKED', 'lock', path, 'Another owner holds it.');
    this.#locks.add(path);
    return () => void this.#locks.delete(path);
  }

  #fileOf(path: string, node: FileNode, writable: boolean): DiskFile {
    const host = {
      enter: (operation: Operation, at: string) => {
        // A write that fails may store some bytes: admitWrite decides.
        if (operation === 'write') this.#alive(operation, at);
        else this.#enter(operation, at);
      },
      admitWrite: (at: string, length: number, growth: number) => this.#admitWrite(at, length, growth),
      identityOf: (file: FileNode) => this.#identityOf(file),
      now: () => this.clock.now(),
      turn,
    };
    return new SimulatedFile(path, node, host, writable);
  }

  #identityOf(file: FileNode): string {
    const identity = this.#identities.get(file) ?? `file ${++this.#files}`;
    this.#identities.set(file, identity);
    return identity;
  }

  #admitWrite(path: string, length: number, growth: number) {
    const failure = this.#failureFor('write', path);
    if (failure) {
      const allowed = Math.floor(length * (failure.stored ?? 0));
      return { allowed, error: new DiskError(failure.code, 'write', path) };
    }
    if (growth > this.#freeBytes) {
      const allowed = length - growth + this.#freeBytes;
      this.#freeBytes = 0;
      return { allowed, error: new DiskError('ENOSPC', 'write', path) };
    }
    this.#freeBytes -= growth;
    return { allowed: length, error: null };
  }

  #enter(operation: Operation, path: string): void {
    this.#alive(operation, path);
    const failure = this.#failureFor(operation, path);
    if (failure) throw new DiskError(failure.code, operation, path);
  }

  #alive(operation: Operation, path: string): void {
    if (this.#crashed) throw new DiskError('EIO', operation, path, 'The simulated machine has crashed.');
  }

  #failureFor(operation: Operation, path: string): Failure | undefined {
    const found = this.#failures.find(
      ({ failure, left }) => left > 0 && failure.operation === operation && (failure.path?.(path) ?? true),
    );
    if (found) found.left--;
    return found?.failure;
  }

  #find(path: string): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const name of partsOf(path)) at = at?.kind === 'directory' ? at.entries.get(name) : undefined;
    return at;
  }

  #directory(operation: Operation, path: string): DirectoryNode {
    const node = this.#find(path);
    if (!node) throw new DiskError('ENOENT', operation, path);
    if (node.kind !== 'directory') throw new DiskError('ENOTDIR', operation, path);
    return node;
  }

  #parent(operation: Operation, path: string): DirectoryNode {
    return this.#directory(operation, posix.dirname(posix.normalize(path)));
  }
}

/** Lets other tasks run, as a thread pool would. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function partsOf(path: string): string[] {
  return posix
    .normalize(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
}
