import type { Command } from 'commander';
import type { UserRef } from '@oubliette/keyring';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { counted } from '../counted.js';
import { CliError } from '../errors.js';
import { withKeyring, type KeysOptions } from '../keys/with-keyring.js';
import { table } from '../table.js';
import { readUserIds, type UsersOption } from '../users/read-ids.js';
import { addEpochCommands } from './epoch.js';
import { addPepperCommands } from './pepper.js';

interface RotateOptions extends KeysOptions, UsersOption {
  readonly purpose?: string;
  readonly pseudonyms?: boolean;
}

export function addKeysCommands(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .description('user keys by pseudonym, the master-key epoch, and the pepper of look-ups');
  addList(keys, context);
  addRotate(keys, context);
  addEpochCommands(keys, context);
  addPepperCommands(keys, context);
}

function addList(keys: Command, context: CliContext): void {
  const list = keys
    .command('list')
    .description('reads the key topic with the master keys of the running sample (or OUBLIETTE_MASTER_KEYS)')
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<KeysOptions>(list, context, async (options) =>
    withKeyring(context, options, { for: 'read' }, async (keyring) => {
      const users = [...keyring.list()];
      return {
        document: users,
        lines: table(
          ['USER', 'STATE', 'LIFECYCLE', 'KEYS'],
          users.map(({ userRef, state, lifecycle, kids }) => [
            userRef,
            state,
            String(lifecycle),
            kids.join(' ') || '-',
          ]),
        ),
      };
    }),
  );
}

function addRotate(keys: Command, context: CliContext): void {
  const rotate = keys
    .command('rotate')
    .description(
      'makes a new key for each user, for what is written from then on; what was written stays readable',
    )
    .argument('[users...]', 'ids')
    .option('--file <file>', 'an id a line; - is standard input')
    .option('--pseudonyms', 'users are named as keys list names them')
    .option('--purpose <name>', 'the key for this purpose; default: for what is kept for none')
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<RotateOptions>(rotate, context, async (options, named) => {
    const users = await readUserIds(context, 'keys rotate', named, options);
    const { parseUserRef } = await import('@oubliette/keyring');
    return withKeyring(context, options, { for: 'write' }, async (keyring) => {
      const nameOf = options.pseudonyms ? parseUserRef : (id: string): UserRef => keyring.userRef(id);
      const userRefs = users.map(nameOf);
      const places = userRefs.flatMap((userRef, index) =>
        keyring.state(userRef) === 'active' ? [] : [index + 1],
      );
      if (places.length > 0) throw notActive(places, users.length);
      await keyring.rotate(userRefs, options.purpose);
      const rotated = new Set(userRefs).size;
      return { document: { rotated }, lines: [`${counted(rotated, 'key')} made.`] };
    });
  });
}

/** Nothing is made for somebody who never had a key: a slip of the pen would be a new user. */
function notActive(places: readonly number[], asked: number): CliError {
  const shown = places.slice(0, 10).join(', ') + (places.length > 10 ? ', …' : '');
  return new CliError(
    'USERS_NOT_ACTIVE',
    `${places.length} of ${counted(asked, 'user')} never had a key, or ${places.length === 1 ? 'is' : 'are'} forgotten (counted from 1: ${shown}). No key was made.`,
  );
}
