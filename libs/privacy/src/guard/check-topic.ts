import type { TopicAdmin, TopicDescription } from '@oubliette/kafka';
import { readCleanupSettings, type CleanupSettings } from './cleanup-settings.js';
import { worstCaseOf } from './guard-bound.js';
import { settingFindings } from './rules.js';
import { concluded, type Finding, type GuardResult, type TopicRole } from './verdict.js';
import type { LogUse } from './worst-case.js';

export interface TopicVerdict extends GuardResult {
  readonly topic: string;
  readonly role: TopicRole;
  /** ms; null where only the absence of a bound is refused. */
  readonly deadlineMs: number | null;
}

export interface TopicUse extends LogUse {
  readonly readersLongestOutageMs?: number;
}

/**
 * Judges one topic of a live cluster: its settings in force, the broker's, and its replicas.
 * For compaction, `use.gapMs` says how long a partition can go without an append (the nudger's pace); without it: idle.
 */
export function checkTopic(
  description: TopicDescription,
  brokerConfigs: Readonly<Record<string, string>>,
  deadlineMs: number | null,
  role: TopicRole,
  use: TopicUse = {},
): TopicVerdict {
  const settings = readCleanupSettings(description.configs, brokerConfigs);
  const worstCase = worstCaseOf(settings, use);
  const { readersLongestOutageMs } = use;
  const question = { role, settings, use, worstCase, deadlineMs };
  const findings = [
    ...settingFindings(
      readersLongestOutageMs === undefined ? question : { ...question, readersLongestOutageMs },
    ),
    ...replicaFindings(description, settings, role),
  ];
  return { topic: description.name, role, deadlineMs, ...concluded(worstCase, findings) };
}

/** The same for several topics, read through an admin client. `roleOf` says what each is there for. */
export async function checkTopics(
  admin: Pick<TopicAdmin, 'describeTopics' | 'brokerConfigs'>,
  names: readonly string[],
  deadlineMs: number | null,
  roleOf: (topic: string) => TopicRole,
  useOf: (topic: string) => TopicUse = () => ({}),
): Promise<TopicVerdict[]> {
  const [descriptions, brokerConfigs] = await Promise.all([
    admin.describeTopics(names),
    admin.brokerConfigs(),
  ]);
  return descriptions.map((description) => {
    const { name } = description;
    return checkTopic(description, brokerConfigs, deadlineMs, roleOf(name), useOf(name));
  });
}

function replicaFindings(
  description: TopicDescription,
  settings: CleanupSettings,
  role: TopicRole,
): Finding[] {
  const findings: Finding[] = [];
  const replicas = Math.max(0, ...description.partitions.map((partition) => partition.replicas.length));
  const stalled = description.partitions.filter((p) => p.isr.length < settings.minInsyncReplicas);
  if (stalled.length > 0)
    findings.push({
      level: 'refuse',
      text: `min.insync.replicas=${settings.minInsyncReplicas} and fewer replicas in sync in ${list(stalled)}: the high watermark stands still, and cleaning and retention with it.`,
    });
  if (role === 'key topic' && replicas > 1 && settings.minInsyncReplicas < 2)
    findings.push({
      level: 'refuse',
      text: `min.insync.replicas=1 with ${replicas} replicas can lose a tombstone and bring a key back. Set at least 2.`,
    });
  const behind = description.partitions.filter((p) => p.isr.length < p.replicas.length);
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
function list(partitions: readonly { partition: number }[]): string {
  const shown = partitions.slice(0, 5).map(({ partition }) => partition);
  const more = partitions.length > shown.length ? ` and ${partitions.length - shown.length} more` : '';
  return `partition ${shown.join(', ')}${more}`;
}
