import type { TopicDescription } from '@oubliette/kafka';
import type { CleanupSettings } from './cleanup-settings.js';
import type { Finding, TopicRole } from './verdict.js';

/** What the replicas of a topic's partitions say: each cleans by itself, and none cleans beyond the high watermark. */
export function replicaFindings(
  description: TopicDescription,
  settings: CleanupSettings,
  role: TopicRole,
): Finding[] {
  const findings: Finding[] = [];
  const { partitions } = description;
  const replicas = Math.max(0, ...partitions.map((partition) => partition.replicas.length));
  // More than there are counts as all of them for the broker (Partition.scala, effectiveMinIsr): one that is away would stall everything.
  const stalled = partitions.filter((p) => p.isr.length < settings.minInsyncReplicas);
  if (stalled.length > 0)
    findings.push({
      level: 'refuse',
      text: `min.insync.replicas=${settings.minInsyncReplicas} and fewer replicas in sync in ${list(stalled)}: the high watermark stands still, and cleaning and retention with it.`,
    });
  const leaderless = partitions.filter((p) => p.leader < 0);
  if (leaderless.length > 0)
    findings.push({
      level: 'refuse',
      text: `No broker leads ${list(leaderless)}: nothing is written or cleaned there until one does.`,
    });
  if (role === 'key topic' && replicas > 1 && settings.minInsyncReplicas < 2)
    findings.push({
      level: 'refuse',
      text: `min.insync.replicas=1 with ${replicas} replicas can lose a tombstone and bring a key back. Set at least 2.`,
    });
  const behind = partitions.filter((p) => p.isr.length < p.replicas.length);
  if (behind.length > 0)
    findings.push({
      level: 'warn',
      text: `Replicas are out of sync in ${list(behind)}: a broker that is away keeps its bytes until it is back.`,
    });
  if (replicas > 1)
    findings.push({ level: 'note', text: `Each of the ${replicas} replicas cleans by itself.` });
  return findings;
}

/** At most five partition numbers. */
export function list(partitions: readonly { partition: number }[]): string {
  const numbers = [...new Set(partitions.map(({ partition }) => partition))];
  const shown = numbers.slice(0, 5);
  const more = numbers.length > shown.length ? ` and ${numbers.length - shown.length} more` : '';
  return `partition ${shown.join(', ')}${more}`;
}
