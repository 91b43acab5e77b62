import type { Command } from 'commander';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { describeErasure, describeUser } from '../erasure-lines.js';
import { SampleClient } from '../sample/sample-client.js';

export function addUsersCommands(program: Command, context: CliContext): void {
  const users = program.command('users').description('the rights of a user');
  const forget = users
    .command('forget')
    .description('destroys the keys of a user: nobody can read their personal data any more')
    .argument('<id>');
  answers(forget, context, async ({ dataDir }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'users forget: the id is empty.');
    const path = `/privacy/users/${encodeURIComponent(id)}/forget`;
    const erasure = await new SampleClient(context, dataDir).ask({ method: 'POST', path });
    return { document: erasure, lines: describeErasure(erasure) };
  });
  const status = users
    .command('status')
    .description('whether a user is active or forgotten, and how far forgetting has got')
    .argument('<id>');
  answers(status, context, async ({ dataDir }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'users status: the id is empty.');
    const path = `/privacy/users/${encodeURIComponent(id)}`;
    const user = await new SampleClient(context, dataDir).ask({ method: 'GET', path });
    return { document: user, lines: describeUser(user) };
  });
}
