import type { Disk } from '@oubliette/runtime';

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
