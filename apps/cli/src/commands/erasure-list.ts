import type { Command } from 'commander';
import { spellDuration } from '@oubliette/privacy';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { erasureHeading, erasureRow } from '../erasure-lines.js';
import { count, duration } from '../option-values.js';
import { SampleClient } from '../sample/sample-client.js';
import { table } from '../table.js';

interface ListOptions {
  readonly limit?: number;
  readonly before?: string;
  /** Within so many ms; true: whenever. */
  readonly due?: number | true;
}

/** As the application has it. */
const page = 100;

export function addErasureList(erasure: Command, context: CliContext): void {
  const list = erasure
    .command('list')
    .description('the ledger of erasures, newest first; with --due what is to be done, most urgent first')
    .option(
      '--due [within]',
      'those that are not erased: overdue, endangered, then by deadline; with a time (7d) only those whose deadline is as near',
      duration,
    )
    .option('--limit <n>', 'how many, up to 1000 (default: 100)', count)
    .option('--before <id>', 'those that stand after this one in the list; not with --due');
  answers<ListOptions>(list, context, async ({ dataDir, limit, before, due }) => {
    if (due !== undefined && before !== undefined)
      throw new CliError(
        'USAGE',
        'erasure list: --before is a place in the ledger, and --due lists by urgency.',
      );
    const query = new URLSearchParams({
      ...(limit !== undefined && { limit: `${limit}` }),
      ...(before !== undefined && { before }),
      ...(typeof due === 'number' && { within: `${due}ms` }),
    }).toString();
    const path = `/privacy/erasures${due === undefined ? '' : '/due'}${query === '' ? '' : `?${query}`}`;
    const erasures = await new SampleClient(context, dataDir).ask({ method: 'GET', path });
    if (!Array.isArray(erasures))
      throw new CliError('SAMPLE_REFUSED', 'The sample answered with no list of erasures.');
    return { document: erasures, lines: linesOf(erasures, context.clock.now(), { limit, due, before }) };
  });
}

function linesOf(
  erasures: readonly unknown[],
  now: number,
  {
    limit = page,
    due,
    before,
  }: Pick<ListOptions, 'due'> & {
    readonly before: string | undefined;
    readonly limit: number | undefined;
  },
): string[] {
  if (erasures.length === 0) return [due === undefined ? noneInLedger(before) : nothingDue(due)];
  const rows = table(
    erasureHeading,
    erasures.map((one) => erasureRow(one, now)),
  );
  if (erasures.length < limit) return rows;
  const more = due === undefined ? '--before with the last id goes on.' : 'a higher --limit shows more.';
  return [...rows, `There may be more: ${more}`];
}

function noneInLedger(before: string | undefined): string {
  return before === undefined ? 'Nobody was forgotten yet: the ledger is empty.' : 'That was the oldest one.';
}

function nothingDue(due: number | true): string {
  return due === true
    ? 'Nothing is open: all erasures are done.'
    : `Nothing is overdue, endangered, or due within ${spellDuration(due)}.`;
}
