import type { Command } from 'commander';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';

/** Commands that have a name already and nothing behind it. */
const later: readonly (readonly string[])[] = [['users', 'export'], ['lag'], ['doctor']];

/** They say "not yet" and exit 2, whatever options follow. */
export function addLaterCommands(program: Command, context: CliContext): void {
  for (const path of later) {
    let command = program;
    for (const name of path)
      command =
        command.commands.find((c) => c.name() === name) ?? command.command(name).description('not yet');
    command.description('not yet').allowUnknownOption().allowExcessArguments();
    answers(command, context, () => {
      throw new CliError('NOT_YET', `${path.join(' ')}: not yet`);
    });
  }
}
