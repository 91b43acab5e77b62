import { Command, CommanderError } from 'commander';
import { explain, Finished } from './action.js';
import { addAuditCommands } from './commands/audit.js';
import { addBrokerCommand } from './commands/broker.js';
import { addCertificateCommands } from './commands/certificate.js';
import { addErasureCommands } from './commands/erasure.js';
import { addGuardCommands } from './commands/guard.js';
import { addImportCommand } from './commands/import.js';
import { addKeysCommands } from './commands/keys.js';
import { addLaterCommands } from './commands/later.js';
import { addPlanCommand } from './commands/plan.js';
import { addTopicsCommands } from './commands/topics.js';
import { addUsersCommands } from './commands/users.js';
import type { CliContext } from './context.js';

/** Runs one command line (without `node` and the script). Resolves to the exit code: 0 done, 1 no or failed, 2 wrong usage. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const program = makeProgram(context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof Finished) return error.exitCode;
    // commander has printed its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : misused(args, context, error);
    return explain(context, args.includes('--json'), error);
  }
}

/** Wrong usage, told already on standard error; with --json a document on standard output too. */
function misused(args: readonly string[], context: CliContext, error: CommanderError): number {
  const message = error.message === '(outputHelp)' ? 'No command was given.' : error.message;
  if (args.includes('--json'))
    context.out(`${JSON.stringify({ error: { code: 'USAGE', message } }, null, 2)}\n`);
  return 2;
}

function makeProgram(context: CliContext): Command {
  const program = new Command('oubliette')
    .description('Event logs that can forget.')
    .option('--json', 'one JSON document on standard output, messages on standard error')
    .option(
      '--brokers <host:port,…>',
      'brokers to talk to (or OUBLIETTE_BROKERS, or those of the running sample)',
    )
    .option('--command-config <file>', 'client properties (not yet)')
    .option(
      '--data-dir <dir>',
      'where the sample keeps its data; for the command broker: its logs, ./data/broker where it is not given',
      './data',
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .exitOverride();
  addBrokerCommand(program, context);
  addTopicsCommands(program, context);
  addPlanCommand(program, context);
  addGuardCommands(program, context);
  addUsersCommands(program, context);
  addErasureCommands(program, context);
  addCertificateCommands(program, context);
  addKeysCommands(program, context);
  addImportCommand(program, context);
  addAuditCommands(program, context);
  addLaterCommands(program, context);
  return program;
}
