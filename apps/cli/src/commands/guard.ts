import { Option, type Command } from 'commander';
import { guardBound, type GuardResult, type TopicVerdict } from '@oubliette/privacy';
import { answers } from '../action.js';
import { withAdmin } from '../cluster.js';
import type { Answer, CliContext } from '../context.js';
import { addDeadlineOptions, deadlineQuestion, type DeadlineOptions } from '../deadline-options.js';
import { collect, duration, setting } from '../option-values.js';
import { spell, staysFor } from '../stays-for.js';
import { judgeTopics, topicsOfPeople } from '../topic-roles.js';
import { addGuardApply } from './guard-apply.js';
import { verdictLines } from '../verdict-lines.js';

interface BoundOptions {
  readonly policy: 'delete' | 'compact';
  readonly set?: Readonly<Record<string, string>>;
  readonly gap?: number;
  readonly openTransactions?: boolean;
  readonly deadline?: number;
}

interface CheckOptions extends DeadlineOptions {
  readonly topic?: readonly string[];
  readonly logDir?: readonly string[];
}

export function addGuardCommands(program: Command, context: CliContext): void {
  const guard = program.command('guard').description('how long bytes stay in a log');
  addBound(guard, context);
  addCheck(guard, context);
  addGuardApply(guard, context);
}

function addBound(guard: Command, context: CliContext): void {
  const bound = guard
    .command('bound')
    .description('the worst case of a configuration on paper; what is not set is Kafka’s default')
    .addOption(
      new Option('--policy <policy>', 'cleanup.policy').choices(['delete', 'compact']).makeOptionMandatory(),
    )
    .option('--set <key=value>', 'a setting by Kafka’s name (repeatable)', setting)
    .option('--gap <duration>', 'longest pause between appends to a partition; without: idle', duration)
    .option('--open-transactions', 'producers with transactions write to it')
    .option('--deadline <duration>', 'refuse what takes longer', duration);
  answers<BoundOptions>(bound, context, (options) => {
    const { policy, set, gap, openTransactions, deadline } = options;
    const result = guardBound({
      policy,
      openTransactions: openTransactions === true,
      ...(set && { settings: set }),
      ...(gap !== undefined && { gapMs: gap }),
      ...(deadline !== undefined && { deadlineMs: deadline }),
    });
    // Without a deadline the question is "how long", and it was answered.
    const refused = deadline !== undefined && result.verdict === 'refuse';
    return { document: result, lines: describeBound(result), exitCode: refused ? 1 : 0 };
  });
}

function addCheck(guard: Command, context: CliContext): void {
  const check = addDeadlineOptions(
    guard.command('check').description('holds the topics of a live cluster against a deadline'),
  )
    .option('--topic <name>', 'only this topic (repeatable); without: all but internal ones', collect)
    .option(
      '--log-dir <dir>',
      'log directory of a broker on this machine, to find what was put aside (repeatable)',
      collect,
    );
  answers<CheckOptions>(check, context, async (options) => {
    const verdicts = await withAdmin(context, options, async (admin) =>
      judgeTopics(context, admin, {
        dataDir: options.dataDir,
        ...deadlineQuestion(options),
        topics: options.topic ?? (await topicsOfPeople(context, admin, options)),
        ...(options.logDir && { logDirs: options.logDir }),
      }),
    );
    return checkAnswer(verdicts, options.topic === undefined);
  });
}

/** Which topic has the keys no cluster says: one that is judged as any other is refused for reasons that do not hold of it. */
const noKeyTopic =
  'None of these was judged as the topic of the user keys: if it is among them, --key-topic says which.';

function checkAnswer(verdicts: readonly TopicVerdict[], isAll: boolean): Answer {
  const refused = verdicts.some(({ verdict }) => verdict === 'refuse');
  const lines = verdicts.flatMap(verdictLines);
  if (isAll && lines.length > 0 && !verdicts.some(({ role }) => role === 'key topic')) lines.push(noKeyTopic);
  return {
    document: { verdict: worst(verdicts), topics: verdicts },
    lines: lines.length > 0 ? lines : ['There is no topic to check.'],
    exitCode: refused ? 1 : 0,
  };
}

function worst(verdicts: readonly TopicVerdict[]): GuardResult['verdict'] {
  const has = (wanted: GuardResult['verdict']): boolean => verdicts.some(({ verdict }) => verdict === wanted);
  return has('refuse') ? 'refuse' : has('warn') ? 'warn' : 'ok';
}

function describeBound(result: GuardResult): string[] {
  const lines = [`${result.verdict}: a byte ${staysFor(result.worstCaseMs)}`];
  for (const { name, setting: from, ms } of result.terms)
    lines.push(`  ${spell(ms).padStart(16)}  ${name} (${from})`);
  if (result.tombstoneWorstCaseMs !== null)
    lines.push(`A tombstone itself is gone after ${spell(result.tombstoneWorstCaseMs)}.`);
  return [...lines, ...result.reasons, ...result.notes];
}
