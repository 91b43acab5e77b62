import { mayHoldTopic, type PartitionDirectory } from '@oubliette/kafka';
import type { Disk } from '@oubliette/runtime';
import { FileFindings, type FilesQuestion } from './file-findings.js';
import type { FilesReport, FilesScope, ReadLogDir } from './files-report.js';
import { LogDirReading } from './log-dir-reading.js';

/**
 * Reads every file in the directories of the key topic's partitions, on each log directory given, once for all users asked about:
 * segments of every state (`.log`, `.deleted`, `.cleaned`, `.swap`), packed batches unpacked, indexes, snapshots and whatever else is there;
 * of deleted, moving and stray partitions too; and in directories of the log directory that are no partition's. Files may come, be renamed and go meanwhile: it looks again until there is nothing that it has not
 * read. Memory is that of one chunk or batch, and of what is found. Rejects with RangeError for a secret of fewer than 8 bytes, and with the signal's reason.
 */
export async function verifyFiles(
  disk: Disk,
  scope: FilesScope,
  question: FilesQuestion,
  options: { readonly signal?: AbortSignal } = {},
): Promise<FilesReport> {
  const findings = new FileFindings(question);
  const logDirs: ReadLogDir[] = [];
  for (const [index, logDir] of scope.logDirs.entries()) {
    const reading = new LogDirReading(disk, { index, path: logDir }, findings, {
      // In a directory that is no partition's a copy of one may stand.
      isWanted: (of) => of === null || isWanted(of, scope),
      isKeyTopic: (of) => of !== null && mayHoldTopic(of, scope.keyTopic),
      ...options,
    });
    logDirs.push(await reading.run());
  }
  const { counts } = findings;
  const isWhole = logDirs.length > 0 && logDirs.every(isWhollyRead) && counts.bytes.total === 0;
  return {
    verdict: findings.hasRemains ? 'remains' : isWhole ? 'clean' : 'unclear',
    users: question.users.length,
    secrets: question.secrets?.length ?? 0,
    logDirs,
    ...counts,
    usersWithKeys: findings.usersWithKeys,
  };
}

function isWanted(of: PartitionDirectory, { everyTopic, keyTopic, partition }: FilesScope): boolean {
  if (!mayHoldTopic(of, keyTopic)) return everyTopic === true;
  return partition === undefined || of.partition === partition;
}

/** A last look showed nothing that was not read, and everything could be. */
export function isWhollyRead({ unreadable, isSettled, directories }: ReadLogDir): boolean {
  return (
    unreadable === null &&
    isSettled &&
    directories.every(
      (directory) =>
        directory.unreadable.length === 0 &&
        directory.files.every(({ troublesTotal }) => troublesTotal === 0),
    )
  );
}
