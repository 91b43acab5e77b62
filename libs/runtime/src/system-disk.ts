import * as fs from 'node:fs';
import * as files from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Disk, DiskFile, EntryKind } from './disk.js';
import { asDiskError, promisedDiskError, SystemFile } from './system-file.js';
import { lockFile } from './system-lock.js';

/** The machine's file system. */
export class SystemDisk implements Disk {
  openSync(path: string, mode: 'read' | 'write', permissions = 0o644): DiskFile {
    const { O_RDONLY, O_RDWR, O_CREAT, O_NONBLOCK = 0 } = fs.constants;
    // Opening a pipe would wait for a writer, and the whole process with it; files know no such waiting.
    const flags = mode === 'read' ? O_RDONLY | O_NONBLOCK : O_RDWR | O_CREAT;
    return new SystemFile(
      path,
      asDiskError('open', path, () => fs.openSync(path, flags, permissions)),
    );
  }

  readFileSync(path: string): Uint8Array {
    return asDiskError('read', path, () => fs.readFileSync(path));
  }

  replaceFileSync(path: string, content: Uint8Array, permissions = 0o644): void {
    const draft = `${path}.tmp`;
    asDiskError('write', draft, () => {
      fs.rmSync(draft, { force: true });
      const descriptor = fs.openSync(draft, 'wx', permissions);
      try {
        fs.writeFileSync(descriptor, content);
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
    });
    this.renameSync(draft, path);
    this.syncDirectorySync(dirname(path));
  }

  listSync(directory: string): readonly { name: string; kind: EntryKind }[] {
    const entries = asDiskError('list', directory, () => fs.readdirSync(directory, { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? 'directory' : 'file' }));
  }

  existsSync(path: string): boolean {
    return fs.existsSync(path);
  }

  realPathSync(path: string): string {
    return asDiskError('resolve', path, () => realPath(resolve(path)));
  }

  statSync(path: string): { kind: EntryKind; size: number; mode: number } {
    const stat = asDiskError('stat', path, () => fs.statSync(path));
    return { kind: stat.isDirectory() ? 'directory' : 'file', size: stat.size, mode: stat.mode & 0o777 };
  }

  volumeSync(path: string): { totalBytes: bigint; usableBytes: bigint } {
    const { bsize, blocks, bavail } = asDiskError('stat', path, () => fs.statfsSync(path, { bigint: true }));
    return { totalBytes: bsize * blocks, usableBytes: bsize * bavail };
  }

  makeDirectorySync(path: string, permissions = 0o755): void {
    asDiskError('create', path, () => makeWithParents(path, permissions));
  }

  renameSync(from: string, to: string): void {
    asDiskError('rename', from, () => fs.renameSync(from, to));
  }

  linkSync(from: string, to: string): void {
    asDiskError('link', from, () => fs.linkSync(from, to));
  }

  removeFileSync(path: string): void {
    asDiskError('remove', path, () => fs.unlinkSync(path));
  }

  removeFile(path: string): Promise<void> {
    return promisedDiskError('remove', path, () => files.unlink(path));
  }

  removeDirectorySync(path: string): void {
    asDiskError('remove', path, () => fs.rmSync(path, { recursive: true }));
  }

  removeDirectory(path: string): Promise<void> {
    return promisedDiskError('remove', path, () => files.rm(path, { recursive: true }));
  }

  syncDirectorySync(path: string): void {
    asDiskError('sync', path, () => {
      const descriptor = fs.openSync(path, 'r');
      try {
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  syncDirectory(path: string): Promise<void> {
    return promisedDiskError('sync', path, async () => {
      const handle = await files.open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  lockSync(path: string): () => void {
    return lockFile(path);
  }
}

/** Step by step: Node's own recursion never ends where the parent is there and takes no entries, as /proc does. */
function makeWithParents(path: string, mode: number): void {
  const missing: string[] = [];
  for (let at = resolve(path); !fs.existsSync(at); at = dirname(at)) missing.push(at);
  // What is there already and is no directory: let the system say so.
  if (missing.length === 0 && !isDirectory(path)) missing.push(path);
  for (const directory of missing.reverse()) {
    try {
      fs.mkdirSync(directory, { mode });
    } catch (error) {
      // Another process may have been faster.
      if (!isDirectory(directory)) throw error;
    }
  }
}

function realPath(path: string): string {
  if (dirname(path) === path || fs.existsSync(path)) return fs.realpathSync(path);
  return join(realPath(dirname(path)), basename(path));
}

function isDirectory(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
