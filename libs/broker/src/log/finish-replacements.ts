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
 * a `.swap` log file is complete and replaces the segments whose offsets it covers. Resolves to the names that stand there now.
 */
export async function finishReplacements(disk: Disk, directory: string): Promise<readonly string[]> {
  const names = disk.listSync(directory).map((entry) => entry.name);
  const swapped = names.filter((name) => name.endsWith(swapSuffix));
  const bases = swapped
    .map((name) => baseOffsetOf(name.slice(0, -swapSuffix.length)))
    .filter((base) => base !== null);
  const complete = new Set(
    bases.flatMap((base) => segmentFileKinds.map((kind) => segmentFile(base, kind) + swapSuffix)),
  );
  const unfinished = names.filter(
    (name) =>
      name.endsWith(deletedSuffix) ||
      name.endsWith(cleanedSuffix) ||
      (name.endsWith(swapSuffix) && !complete.has(name)),
  );
  if (unfinished.length + bases.length === 0) return names;
  for (const name of unfinished) disk.removeFileSync(join(directory, name));
  for (const base of bases) await finishSwap(disk, directory, base, names);
  disk.syncDirectorySync(directory);
  return disk.listSync(directory).map((entry) => entry.name);
}

async function finishSwap(
  disk: Disk,
  directory: string,
  base: bigint,
  names: readonly string[],
): Promise<void> {
  const replacement = new Segment(disk, directory, base, 0, swapSuffix);
  try {
    await replacement.rebuild(Number.MAX_SAFE_INTEGER, () => true);
  } finally {
    replacement.close();
  }
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
