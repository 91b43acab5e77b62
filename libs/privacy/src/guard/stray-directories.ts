/** `<topic>-<partition>.<32 hex digits>-stray`, the topic cut so that the name has at most 255 characters (UnifiedLog.logStrayDirName). */
const pattern = /^(.+)-\d{1,10}\.[0-9a-f]{32}-stray$/;
const longestName = 255;

/**
 * Those of the names in a log directory that are logs of this topic which Kafka put aside. No request tells of them:
 * DescribeLogDirs leaves them out (LogManager.allLogs of Kafka 4.1.1).
 */
export function strayDirectories(topic: string, names: readonly string[]): string[] {
  return names.filter((name) => {
    const shown = pattern.exec(name)?.[1];
    return shown === topic || (name.length >= longestName && shown !== undefined && topic.startsWith(shown));
  });
}
