import type { Command } from 'commander';
import { checkReason } from '@oubliette/privacy';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { describeErasure } from '../erasure-lines.js';
import { CliError } from '../errors.js';
import { SampleClient } from '../sample/sample-client.js';

interface ExtendOptions {
  readonly reason: string;
}

export function addErasureExtend(erasure: Command, context: CliContext): void {
  const extend = erasure
    .command('extend')
    .description('gives an erasure the longer deadline of its law, once, before the first one has passed')
    .argument('<id>')
    .requiredOption(
      '--reason <text>',
      'why: a few words that name nobody; it stands in certificates, and the person has to be told',
    );
  answers<ExtendOptions>(extend, context, async ({ dataDir, reason }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'erasure extend: the id is empty.');
    checkReason(reason);
    const path = `/privacy/erasures/${encodeURIComponent(id)}/extension`;
    const body = JSON.stringify({ reason });
    const one = await new SampleClient(context, dataDir).ask({ method: 'POST', path, body });
    const lines = describeErasure(one, context.clock.now());
    return { document: one, lines: [...lines, 'Tell the person, and why: nothing here does.'] };
  });
}
