import type { Command } from 'commander';
import type { TopicAdmin } from '@oubliette/kafka';
import {
  applyFitting,
  fittingSettings,
  seeTopics,
  type FittingPlan,
  type FittingQuestion,
  type TopicVerdict,
} from '@oubliette/privacy';
import { answers } from '../action.js';
import { withAdmin } from '../cluster.js';
import type { Answer, CliContext, GlobalOptions } from '../context.js';
import { addDeadlineOptions, deadlineQuestion, type DeadlineOptions } from '../deadline-options.js';
import { CliError } from '../errors.js';
import { duration } from '../option-values.js';
import { spell } from '../stays-for.js';
import { table } from '../table.js';
import { topicRoles } from '../topic-roles.js';
import { verdictLines } from '../verdict-lines.js';

interface ApplyOptions extends DeadlineOptions {
  readonly topic: string;
  readonly retention?: number;
  readonly yes?: boolean;
}

export function addGuardApply(guard: Command, context: CliContext): void {
  const apply = addDeadlineOptions(
    guard
      .command('apply')
      .description(
        'sets what a topic needs to meet a deadline, after asking; everything else stays as it is',
      ),
  )
    .requiredOption('--topic <name>', 'the topic')
    .option(
      '--retention <duration>',
      'shorten retention.ms to this; without, it is never shortened',
      duration,
    )
    .option('--yes', 'do not ask');
  answers<ApplyOptions>(apply, context, (options) =>
    withAdmin(context, options, (admin) => planAndApply(context, admin, options)),
  );
}

async function planAndApply(
  context: CliContext,
  admin: TopicAdmin,
  options: ApplyOptions & GlobalOptions,
): Promise<Answer> {
  const { topic } = options;
  const question = await questionOf(context, admin, options);
  const [sight] = await seeTopics(admin, [topic]);
  if (sight === undefined) throw new Error(`The cluster did not describe the topic ${topic}.`);
  const plan = fittingSettings(sight, question);
  if (plan.changes.length === 0)
    return answerOf(plan, plan.before, false, [nothingToSet(plan, options), ...verdictLines(plan.before)]);
  for (const line of planLines(plan)) context.err(`${line}\n`);
  if (!(await isConfirmed(context, options, plan)))
    return answerOf(plan, plan.before, false, ['Nothing was set.'], 1);
  const after = await applyFitting(admin, plan, question, context.clock, context.signal);
  const names = plan.changes.map(({ name }) => name).join(', ');
  return answerOf(plan, after, true, [`Set: ${names}.`, ...verdictLines(after)]);
}

async function questionOf(
  context: CliContext,
  admin: TopicAdmin,
  options: ApplyOptions & GlobalOptions,
): Promise<FittingQuestion> {
  const { topic, dataDir, retention } = options;
  const asked = deadlineQuestion(options);
  const { deadlineMs, erasure } = asked;
  const { roleOf, useOf } = await topicRoles(context, admin, { dataDir, ...asked }, [topic]);
  return {
    role: roleOf(topic),
    deadlineMs,
    use: useOf(topic),
    ...(erasure !== undefined && { erasure }),
    ...(retention !== undefined && { retentionMs: retention }),
  };
}

/** Without somebody to ask, only what was agreed to beforehand is done. */
async function isConfirmed(context: CliContext, { yes }: ApplyOptions, plan: FittingPlan): Promise<boolean> {
  if (yes) return true;
  if (context.confirm === null)
    throw new CliError(
      'NOT_CONFIRMED',
      'guard apply: nothing was set. There is no terminal to ask at: look at what would be set, and give --yes.',
    );
  const { length } = plan.changes;
  return context.confirm(
    `Set ${length === 1 ? 'this setting' : `these ${length} settings`} of the topic ${plan.before.topic}?`,
  );
}

function answerOf(
  plan: FittingPlan,
  verdict: TopicVerdict,
  applied: boolean,
  lines: readonly string[],
  exitCode: 0 | 1 = verdict.verdict === 'refuse' ? 1 : 0,
): Answer {
  const { topic, role, deadlineMs } = plan.before;
  const { before, after, changes } = plan;
  return {
    document: { topic, role, deadlineMs, applied, changes, before, after: applied ? verdict : after },
    lines,
    exitCode,
  };
}

function nothingToSet({ before }: FittingPlan, { retention, erasure }: ApplyOptions): string {
  if (before.verdict !== 'refuse') return 'There is nothing to set.';
  const isShortenable =
    erasure !== 'tombstone' && before.terms.some(({ setting }) => setting === 'retention.ms');
  const hint = isShortenable && retention === undefined ? '; shorter retention may, with --retention' : '';
  return `Nothing that may be set makes it pass${hint}.`;
}

function planLines({ changes, before, after }: FittingPlan): string[] {
  const rows = changes.map(({ name, from, to, because }) => [name, from ?? '?', to, because]);
  return [
    ...table(['SETTING', 'NOW', 'NEW', 'BECAUSE'], rows),
    `worst case: ${spell(before.worstCaseMs)} → ${spell(after.worstCaseMs)}`,
    ...(after.verdict === 'refuse'
      ? ['Not mended by this:', ...after.reasons.map((text) => `  ${text}`)]
      : []),
  ];
}
