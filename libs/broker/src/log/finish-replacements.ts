import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import {
  baseOffsetOf,
  cleanedSuffix,
  deletedSuffix,
  segmentFile,
  segmentFileKinds,
  swapSuffix,
} from './file-names.js';
import { Segment } from './segment.js';

/**
 * Brings the directory of a log in order after a crash (Kafka's LogLoader): `.deleted` files and half-written `.cleaned` ones go;
 * a `.swap` file is complete and replaces the segments whose offsets it covers.
 */
export function finishReplacements(disk: Disk, directory: string): void {
  const names = disk.listSync(directory).map((entry) => entry.name);
  const unfinished = names.filter((name) => name.endsWith(deletedSuffix) || name.endsWith(cleanedSuffix));
  for (const name of unfinished) disk.removeFileSync(join(directory, name));
  const swapped = names.filter((name) => name.endsWith(swapSuffix));
  for (const name of swapped) {
    const base = baseOffsetOf(name.slice(0, -swapSuffix.length));
    if (base !== null) finishSwap(disk, directory, base, names);
  }
  if (unfinished.length + swapped.length > 0) disk.syncDirectorySync(directory);
}

function finishSwap(disk: Disk, directory: string, base: bigint, names: readonly string[]): void {
  const replacement = Segment.create(disk, directory, base, 0, swapSuffix);
  replacement.rebuild(0, () => undefined);
  replacement.close();
  for (const name of names) {
    const other = baseOffsetOf(name);
    if (other === null || other < base || (other > base && other >= replacement.nextOffset)) continue;
    for (const kind of segmentFileKinds) {
      const path = join(directory, segmentFile(other, kind));
      if (disk.existsSync(path)) disk.removeFileSync(path);
    }
  }
  replacement.changeSuffix('');
}
