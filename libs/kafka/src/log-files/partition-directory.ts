/**
 * Whose records a directory holds: `live`, `deleted` (of a deleted topic or a moved replica), `future` (a copy on its way to another log
 * directory), or `stray` (of a topic that the broker does not know).
 */
export interface PartitionDirectory {
  /** Of a long topic only its beginning where `isCropped`. */
  readonly topic: string;
  readonly partition: number;
  readonly state: 'live' | 'deleted' | 'future' | 'stray';
  readonly isCropped: boolean;
}

/** Longest name of a file; Kafka cuts the topic where a suffix would go beyond it (LogFileUtils.logDirNameWithSuffixCroppedTopic). */
const longestName = 255;
const live = /^(?<topic>.+)-(?<partition>\d{1,10})$/;
const marked = /^(?<topic>.+)-(?<partition>\d{1,10})\.[^.\s]+-(?<mark>delete|future|stray)$/;
const states = { delete: 'deleted', future: 'future', stray: 'stray' } as const;

/** By the names that Kafka gives (UnifiedLog.logDirName and its kin); null for any other directory. */
export function parsePartitionDirectory(name: string): PartitionDirectory | null {
  const { topic, partition, mark } = (live.exec(name) ?? marked.exec(name))?.groups ?? {};
  if (topic === undefined || partition === undefined) return null;
  return {
    topic,
    partition: Number(partition),
    state: mark === undefined ? 'live' : states[mark as keyof typeof states],
    isCropped: mark !== undefined && name.length === longestName,
  };
}

/** Whether the directory may hold records of the topic: a cropped name may be that of several. */
export function mayHoldTopic(directory: PartitionDirectory, topic: string): boolean {
  return directory.isCropped ? topic.startsWith(directory.topic) : directory.topic === topic;
}
