import { Buffer } from 'node:buffer';
import { dirname } from 'node:path/posix';
import { DiskError, type Disk } from '@oubliette/runtime';

const draftSuffix = '.tmp';

/** The content of a file, or null when there is none. */
export function readIfThere(disk: Disk, path: string): Uint8Array | null {
  try {
    return disk.readFileSync(path);
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the file hold these bytes and no others, synced; bytes that it held before are written over in place. Rejects with DiskError. */
export async function writeWhole(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const file = disk.openSync(path, 'write');
  try {
    await file.write([content], 0);
    file.truncateSync(content.length);
    await file.sync();
  } finally {
    file.closeSync();
  }
}

/**
 * Like `Disk.replaceFileSync`, without holding others up: a crash leaves the old content or the new. One at a time for each path. Where
 * `isStill` says no once the content is written, the file stays as it is. Resolves to whether it was replaced; rejects with DiskError.
 */
export async function replaceWhole(
  disk: Disk,
  path: string,
  content: Uint8Array,
  isStill: () => boolean = () => true,
): Promise<boolean> {
  const draft = path + draftSuffix;
  await writeWhole(disk, draft, content);
  // Between this look and the new name nothing comes: what is newer is never replaced by what is older.
  if (!isStill()) return false;
  disk.renameSync(draft, path);
  await disk.syncDirectory(dirname(path));
  return true;
}

/** Writes a whole file without a sync: after a power cut it may be missing, empty or cut short. Throws DiskError. */
export function writeSmallFile(disk: Disk, path: string, text: string): void {
  const content = Buffer.from(text);
  const file = disk.openSync(path, 'write');
  try {
    file.writeSync([content], 0);
    file.truncateSync(content.length);
  } finally {
    file.closeSync();
  }
}
