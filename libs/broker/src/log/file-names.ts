/** Names of files and directories as Kafka's LogFileUtils gives them. */

const offsetDigits = 20;
const longestName = 255;

export const deletedSuffix = '.deleted';
export const cleanedSuffix = '.cleaned';
export const swapSuffix = '.swap';
export const partitionMetadataFile = 'partition.metadata';
export const leaderEpochCheckpointFile = 'leader-epoch-checkpoint';
export const cleanShutdownFile = '.kafka_cleanshutdown';
export const lockFile = '.lock';

const directoryPattern = /^(.+)-(\d{1,9})$/;
const deleteDirectoryPattern = /-delete$/;
const strayDirectoryPattern = /^(.+)-(\d{1,9})\.[0-9a-f]{32}-stray$/;
const snapshotSuffix = '.snapshot';
const snapshotPattern = /^(\d{20})\.snapshot$/;
const indexPattern = /^(\d{20})\.(?:index|timeindex|txnindex)$/;
const segmentPattern = /^(\d{20})\.log$/;

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex';
export const segmentFileKinds: readonly SegmentFileKind[] = ['log', 'index', 'timeindex', 'txnindex'];

/** What the names of a segment's files begin with. */
export function segmentStem(baseOffset: bigint): string {
  return baseOffset.toString().padStart(offsetDigits, '0');
}

export function segmentFile(baseOffset: bigint, kind: SegmentFileKind): string {
  return `${segmentStem(baseOffset)}.${kind}`;
}

/** The base offset of a `.log` file's name, null for other names. */
export function baseOffsetOf(name: string): bigint | null {
  const match = segmentPattern.exec(name);
  return match?.[1] === undefined ? null : BigInt(match[1]);
}

/** The name of the `.log` file that an index belongs to, null for other names. */
export function indexedLogOf(name: string): string | null {
  const match = indexPattern.exec(name);
  return match?.[1] === undefined ? null : `${match[1]}.log`;
}

/** `<offset>.snapshot`: what was known of producers below the offset. */
export function snapshotFile(offset: bigint): string {
  return `${offset.toString().padStart(offsetDigits, '0')}${snapshotSuffix}`;
}

/** The offset in a `.snapshot` file's name, null for other names. */
export function snapshotOffsetOf(name: string): bigint | null {
  const match = snapshotPattern.exec(name);
  return match?.[1] === undefined ? null : BigInt(match[1]);
}

export function logDirectory(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export function parseLogDirectory(name: string): { topic: string; partition: number } | null {
  const match = directoryPattern.exec(name);
  if (isDeletedDirectory(name) || match?.[1] === undefined) return null;
  return { topic: match[1], partition: Number(match[2]) };
}

export function isDeletedDirectory(name: string): boolean {
  return deleteDirectoryPattern.test(name);
}

/** `<topic>-<partition>.<uuid>-delete`, the topic cut where the file system's limit asks for it. */
export function deletedDirectory(topic: string, partition: number, uuid: string): string {
  return marked(topic, `-${partition}.${uuid}-delete`);
}

/** `<topic>-<partition>.<uuid>-stray`, cut likewise: a log of no known topic (UnifiedLog.logStrayDirName). */
export function strayDirectory(topic: string, partition: number, uuid: string): string {
  return marked(topic, `-${partition}.${uuid}-stray`);
}

export function isStrayDirectory(name: string): boolean {
  return strayDirectoryPattern.test(name);
}

function marked(topic: string, suffix: string): string {
  return topic.slice(0, longestName - suffix.length) + suffix;
}
