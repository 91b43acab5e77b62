import * as fs from 'node:fs';
import type { DiskFile } from './disk.js';
import { DiskError } from './errors.js';

const msPerSecond = 1_000;
const halfMicrosecond = 0.000_5;

/** Runs a file-system call and names the operation and the path in its error. */
export function asDiskError<T>(operation: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toDiskError(operation, path, error);
  }
}

/** The same for a call that takes its time. */
export async function promisedDiskError<T>(
  operation: string,
  path: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toDiskError(operation, path, error);
  }
}

function toDiskError(operation: string, path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? new DiskError(code, operation, path, undefined, { cause: error }) : error;
}

/** An open file descriptor. */
export class SystemFile implements DiskFile {
  constructor(
    readonly path: string,
    readonly descriptor: number,
  ) {}

  size(): number {
    return this.stat().size;
  }

  stat(): { size: number; modifiedMs: number } {
    const { size, mtimeMs } = asDiskError('stat', this.path, () => fs.fstatSync(this.descriptor));
    return { size, modifiedMs: Math.floor(mtimeMs) };
  }

  identity(): string {
    // Numbers of removed files are given again: the time of birth tells them apart.
    const stat = asDiskError('stat', this.path, () => fs.fstatSync(this.descriptor, { bigint: true }));
    return `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;
  }

  setModifiedSync(ms: number): void {
    // Node hands on a fraction of seconds that is cut to whole µs: half of one keeps it from falling below.
    const seconds = (ms + halfMicrosecond) / msPerSecond;
    asDiskError('stat', this.path, () => fs.futimesSync(this.descriptor, seconds, seconds));
  }

  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    let count = 0;
    while (count < length) {
      const read = await this.#readOnce(target, offset + count, length - count, position + count);
      if (read === 0) break;
      count += read;
    }
    return count;
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    return asDiskError('read', this.path, () => {
      let count = 0;
      while (count < length) {
        const read = fs.readSync(this.descriptor, target, offset + count, length - count, position + count);
        if (read === 0) break;
        count += read;
      }
      return count;
    });
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    let rest = buffers.filter((buffer) => buffer.length > 0);
    let at = position;
    while (rest.length > 0) {
      const written = await this.#writeOnce(rest, at);
      at += written;
      rest = dropWritten(rest, written);
    }
  }

  writeSync(buffers: readonly Uint8Array[], position: number): void {
    asDiskError('write', this.path, () => {
      let rest = buffers.filter((buffer) => buffer.length > 0);
      let at = position;
      while (rest.length > 0) {
        const written = fs.writevSync(this.descriptor, rest, at);
        at += written;
        rest = dropWritten(rest, written);
      }
    });
  }

  truncateSync(size: number): void {
    asDiskError('truncate', this.path, () => fs.ftruncateSync(this.descriptor, size));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.descriptor, (error) =>
        error ? reject(toDiskError('sync', this.path, error) as Error) : resolve(),
      );
    });
  }

  syncSync(): void {
    asDiskError('sync', this.path, () => fs.fdatasyncSync(this.descriptor));
  }

  closeSync(): void {
    asDiskError('close', this.path, () => fs.closeSync(this.descriptor));
  }

  #readOnce(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.descriptor, target, offset, length, position, (error, count) =>
        error ? reject(toDiskError('read', this.path, error) as Error) : resolve(count),
      );
    });
  }

  #writeOnce(buffers: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.writev(this.descriptor, buffers, position, (error, count) =>
        error ? reject(toDiskError('write', this.path, error) as Error) : resolve(count),
      );
    });
  }
}

function dropWritten(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      rest.push(skip > 0 ? buffer.subarray(skip) : buffer);
      skip = 0;
    }
  }
  return rest;
}
