import type { Command } from 'commander';
import type { Peppers } from '@oubliette/keyring';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { withKeyring, type KeysOptions } from '../keys/with-keyring.js';
import { table } from '../table.js';

/** A pepper as these commands show it; its bytes are never shown. */
interface PepperShown {
  readonly id: string;
  readonly state: 'in use' | 'old' | 'unreadable';
}

const MEANING: Readonly<Record<PepperShown['state'], string>> = {
  'in use': 'what is written is hashed with it',
  old: 'looked up with until all rows are hashed anew',
  unreadable: 'its master key is not at hand: what was hashed with it is not found',
};

export function addPepperCommands(keys: Command, context: CliContext): void {
  const pepper = keys.command('pepper').description('the secret that values are looked up by');
  const show = pepper
    .command('show')
    .description('the peppers that stand in the key topic, the one in use first')
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<KeysOptions>(show, context, (options) =>
    withKeyring(context, options, { for: 'read' }, async ({ peppers }) => {
      const shown = shownOf(peppers);
      const rows = shown.map(({ id, state }) => [id, state, MEANING[state]]);
      const lines = shown.length === 0 ? ['No pepper: nothing is looked up yet.'] : table(HEADING, rows);
      return { document: { peppers: shown }, lines };
    }),
  );
  const rotate = pepper
    .command('rotate')
    .description(
      'puts another pepper in use; each application hashes its rows anew at its next start, or when it calls rehash, and the old one ends with that',
    )
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<KeysOptions>(rotate, context, (options) =>
    withKeyring(context, options, { for: 'write' }, async ({ peppers }) => {
      const inUse = await peppers.rotate();
      return {
        document: { inUse, peppers: shownOf(peppers) },
        lines: [
          `The pepper ${inUse} is in use. Rows are found with the ones before it too, until every application hashed its own anew: at its next start, or by UserLookups.rehash.`,
        ],
      };
    }),
  );
}

const HEADING = ['PEPPER', 'STATE', ''];

function shownOf(peppers: Peppers): PepperShown[] {
  return [
    ...peppers.ids().map((id, index): PepperShown => ({ id, state: index === 0 ? 'in use' : 'old' })),
    ...peppers.unreadable().map((id): PepperShown => ({ id, state: 'unreadable' })),
  ];
}
