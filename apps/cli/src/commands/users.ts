import type { Command } from 'commander';
import { answers } from '../action.js';
import type { Answer, CliContext } from '../context.js';
import { counted } from '../counted.js';
import { CliError } from '../errors.js';
import { asRecord, describeErasure, describeUser } from '../erasure-lines.js';
import { SampleClient } from '../sample/sample-client.js';
import { forgetMany, type ForgottenMany } from '../users/forget-many.js';
import { readUserIds, type UsersOption } from '../users/read-ids.js';
import { addUserActs } from './user-acts.js';

export function addUsersCommands(program: Command, context: CliContext): void {
  const users = program.command('users').description('the rights of a user');
  const forget = users
    .command('forget')
    .description('destroys the keys of users: nobody can read their personal data any more')
    .argument('[ids...]', 'one or more')
    .option('--file <file>', 'an id a line; - is standard input');
  answers<UsersOption>(forget, context, async ({ dataDir, file }, named) => {
    const ids = await readUserIds(context, 'users forget', named, file === undefined ? {} : { file });
    const client = new SampleClient(context, dataDir);
    const [only] = ids;
    if (file !== undefined || ids.length > 1 || only === undefined)
      return describeMany(await forgetMany(context, client, ids));
    const path = `/privacy/users/${encodeURIComponent(only)}/forget`;
    const erasure = await client.ask({ method: 'POST', path });
    const lines = describeErasure(erasure, context.clock.now());
    if (asRecord(erasure)['state'] === 'held')
      lines.push('A legal hold stands: the user is forgotten once it is released. users status says why.');
    return { document: erasure, lines };
  });
  const status = users
    .command('status')
    .description('whether a user is active or forgotten, restricted or held, and how far forgetting has got')
    .argument('<id>');
  answers(status, context, async ({ dataDir }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'users status: the id is empty.');
    const path = `/privacy/users/${encodeURIComponent(id)}`;
    const user = await new SampleClient(context, dataDir).ask({ method: 'GET', path });
    return { document: user, lines: describeUser(user, context.clock.now()) };
  });
  addUserActs(users, context);
}

/** "No" where an id was nobody's. */
function describeMany(result: ForgottenMany): Answer {
  const { asked, forgotten, held, unknown } = result;
  const lines = [`${forgotten} of ${counted(asked, 'user')} ${forgotten === 1 ? 'is' : 'are'} forgotten.`];
  if (held.length > 0)
    lines.push(
      `${held.length} under a legal hold (counted from 1: ${first(held)}): forgotten once released.`,
    );
  if (unknown.length > 0)
    lines.push(`${unknown.length} never had a key (counted from 1: ${first(unknown)}): check their ids.`);
  return { document: result, lines, exitCode: unknown.length > 0 ? 1 : 0 };
}

function first(places: readonly number[]): string {
  return places.slice(0, 10).join(', ') + (places.length > 10 ? ', …' : '');
}
