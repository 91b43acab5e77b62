import type { Command } from 'commander';
import type { AuditSource, LeakAuditProgress, LeakReport } from '@oubliette/privacy';
import { answers } from '../action.js';
import { auditApplication } from '../audit/application-part.js';
import { readTerms, type TermOptions } from '../audit/read-terms.js';
import { describeProgress, describeReport, joined } from '../audit/report-lines.js';
import { clusterOf } from '../cluster.js';
import type { Answer, CliContext, GlobalOptions } from '../context.js';
import { CliError } from '../errors.js';
import { collect } from '../option-values.js';
import { readRunningSample, whyNoSample } from '../sample/running-sample.js';

interface LeaksOptions extends TermOptions {
  readonly pattern?: readonly string[];
  readonly dir?: readonly string[];
  /** false by --no-application. */
  readonly application: boolean;
}

export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('personal data where it should not stand');
  const leaks = audit
    .command('leaks')
    .description(
      'looks for personal data in clear: in all topics, what the running sample declares, and directories',
    )
    .option('--term <text>', 'a value of somebody who was forgotten (seen by others: see --terms)', collect)
    .option('--terms <->', 'values from standard input, one a line')
    .option('--terms-file <file>', 'values from a file of yours alone (chmod 600), one a line')
    .option('--pattern <name|regex>', 'email, iban, phone, or a regular expression', collect)
    .option('--dir <dir>', 'a file, or a directory with everything below it', collect)
    .option('--no-application', 'leaves out what the running sample declares');
  answers<LeaksOptions>(leaks, context, (options) => auditLeaksOf(context, options));
}

async function auditLeaksOf(context: CliContext, options: LeaksOptions & GlobalOptions): Promise<Answer> {
  const { auditPattern } = await import('@oubliette/privacy');
  const terms = await readTerms(context, options);
  const texts = options.pattern ?? [];
  const patterns = texts.map((text, index) => auditPattern(text, `expression ${index + 1}`));
  for (const directory of options.dir ?? [])
    if (!context.disk.existsSync(directory))
      throw new CliError('USAGE', `audit leaks: there is no ${directory}.`);
  const onProgress = (progress: LeakAuditProgress): void => context.err(`${describeProgress(progress)}\n`);
  const reports = [await auditFromHere(context, options, { terms, patterns }, onProgress)];
  if (options.application && hasSample(context, options))
    reports.push(await auditApplication(context, options.dataDir, { terms, patterns: texts }, onProgress));
  const report = joined(reports);
  return {
    document: report,
    lines: describeReport(report),
    exitCode: report.clean && report.complete ? 0 : 1,
  };
}

/** Topics from the brokers, and directories. */
async function auditFromHere(
  context: CliContext,
  options: LeaksOptions & GlobalOptions,
  question: Parameters<typeof import('@oubliette/privacy').auditLeaks>[1],
  onProgress: (progress: LeakAuditProgress) => void,
): Promise<LeakReport> {
  const { auditLeaks, fileSource, topicSource } = await import('@oubliette/privacy');
  const { createDirectClient, createTopicScanner } = await import('@oubliette/kafka');
  const { clock, disk, signal } = context;
  const paths = options.dir ?? [];
  const directories = paths.length === 0 ? [] : [fileSource({ name: 'files', disk, paths })];
  const cluster = namesBrokers(context, options) || paths.length === 0 ? clusterOf(context, options) : null;
  const client = cluster === null ? null : createDirectClient(cluster);
  const topics: AuditSource[] =
    client === null ? [] : [topicSource({ name: 'topics', scanner: createTopicScanner(client) })];
  if (client === null) context.err('No brokers are known: topics are not looked into.\n');
  try {
    return await auditLeaks([...topics, ...directories], question, { clock, signal, onProgress });
  } finally {
    await client?.close();
  }
}

function namesBrokers({ disk, env }: CliContext, { brokers, dataDir }: GlobalOptions): boolean {
  const named = brokers ?? env['OUBLIETTE_BROKERS'];
  return named !== undefined || readRunningSample(disk, dataDir) !== null;
}

function hasSample({ disk, err }: CliContext, { dataDir }: GlobalOptions): boolean {
  if (readRunningSample(disk, dataDir) !== null) return true;
  err(`${whyNoSample(disk, dataDir)} Tables and what else an application declares are not looked into.\n`);
  return false;
}
