import type { Command } from 'commander';
import type { TopicAdmin, TopicDescription } from '@oubliette/kafka';
import { readCleanupSettings, type TopicVerdict } from '@oubliette/privacy';
import { answers } from '../action.js';
import { withAdmin } from '../cluster.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { duration } from '../option-values.js';
import { spell, staysFor } from '../stays-for.js';
import { table } from '../table.js';
import { judgeTopics } from '../topic-roles.js';

interface TopicsOptions {
  readonly deadline?: number;
  readonly keyTopic?: string;
}

interface TopicView {
  readonly name: string;
  readonly policy: string;
  readonly description: TopicDescription;
  readonly verdict: TopicVerdict;
}

export function addTopicsCommands(program: Command, context: CliContext): void {
  const topics = program.command('topics').description('topics with policy and guard verdict');
  const list = topics.command('list').description('all topics but internal ones');
  const describe = topics.command('describe').description('one topic').argument('<name>');
  for (const command of [list, describe]) {
    command
      .option('--deadline <duration>', 'when bytes must be gone; without: any bound will do', duration)
      .option('--key-topic <name>', 'the topic of the user keys');
  }
  answers<TopicsOptions>(list, context, async (options) => {
    const views = await readTopics(context, options);
    return {
      document: views.map(summary),
      lines: table(
        ['TOPIC', 'PARTITIONS', 'POLICY', 'VERDICT', 'WORST CASE'],
        views.map(({ name, policy, description, verdict }) => [
          name,
          String(description.partitions.length),
          policy,
          verdict.verdict,
          spell(verdict.worstCaseMs),
        ]),
      ),
    };
  });
  answers<TopicsOptions>(describe, context, async (options, [name = '']) => {
    const [view] = await readTopics(context, options, [name]);
    if (!view) throw new Error('The cluster described no topic.');
    return {
      document: { ...summary(view), ...view.description, guard: view.verdict },
      lines: describeLines(view),
    };
  });
}

async function readTopics(
  context: CliContext,
  options: TopicsOptions & GlobalOptions,
  names?: readonly string[],
): Promise<TopicView[]> {
  return withAdmin(context, options, async (admin: TopicAdmin) => {
    const verdicts = await judgeTopics(context, admin, {
      dataDir: options.dataDir,
      deadlineMs: options.deadline ?? null,
      ...(names && { topics: names }),
      ...(options.keyTopic !== undefined && { keyTopic: options.keyTopic }),
    });
    const descriptions = await admin.describeTopics(verdicts.map(({ topic }) => topic));
    return verdicts.flatMap((verdict) => {
      const description = descriptions.find(({ name }) => name === verdict.topic);
      if (!description) return [];
      const { deletes, compacts } = readCleanupSettings(description.configs);
      const policy = deletes && compacts ? 'compact,delete' : compacts ? 'compact' : 'delete';
      return [{ name: verdict.topic, policy, description, verdict }];
    });
  });
}

function summary({ name, policy, description, verdict }: TopicView): Record<string, unknown> {
  return {
    name,
    partitionCount: description.partitions.length,
    replicationFactor: Math.max(0, ...description.partitions.map(({ replicas }) => replicas.length)),
    policy,
    role: verdict.role,
    verdict: verdict.verdict,
    worstCaseMs: verdict.worstCaseMs,
    reasons: verdict.reasons,
  };
}

function describeLines({ name, policy, description, verdict }: TopicView): string[] {
  const rows = description.partitions.map(({ partition, leader, replicas, isr }) => {
    return [String(partition), String(leader), replicas.join(','), isr.join(',')];
  });
  return [
    `${name}: ${policy}, ${verdict.role}, ${verdict.verdict}, a byte ${staysFor(verdict.worstCaseMs)}`,
    ...verdict.reasons.map((reason) => `  ${reason}`),
    ...table(['PARTITION', 'LEADER', 'REPLICAS', 'IN SYNC'], rows),
    ...Object.entries(description.configs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `  ${key}=${value}`),
  ];
}
