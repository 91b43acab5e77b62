import { Buffer } from 'node:buffer';
import type { Disk } from '@oubliette/runtime';

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
