import { Command } from 'commander';
import type { Answer, CliContext, GlobalOptions } from './context.js';
import { CliError, codeOf } from './errors.js';

/** A command's work: its options (the common ones included) and arguments in, an answer out. */
export type Work<Options> = (
  options: Options & GlobalOptions,
  args: readonly string[],
) => Promise<Answer> | Answer;

/** Ends `run` of the program with a code, after everything was said. */
export class Finished extends Error {
  constructor(readonly exitCode: number) {
    super(`finished with ${exitCode}`);
  }
}

/** Makes `work` the command's action and prints its answer: one JSON document with --json, else lines. */
export function answers<Options extends object>(
  command: Command,
  context: CliContext,
  work: Work<Options>,
): void {
  command.action(async (...received: unknown[]) => {
    const self = received.at(-1);
    if (!(self instanceof Command)) throw new TypeError('commander calls an action with its command at last');
    const options = self.optsWithGlobals<Options & GlobalOptions>();
    try {
      if (options.commandConfig !== undefined) throw new CliError('NOT_YET', '--command-config: not yet');
      const answer = await work(options, self.args);
      if (options.json) context.out(`${JSON.stringify(answer.document, null, 2)}\n`);
      else for (const line of answer.lines) context.out(`${forTerminal(line)}\n`);
      throw new Finished(answer.exitCode ?? 0);
    } catch (error) {
      if (error instanceof Finished) throw error;
      throw new Finished(explain(context, options.json === true, error));
    }
  });
}

/** One clear line on standard error, and with --json a document on standard output too. Returns the exit code. */
export function explain(context: CliContext, json: boolean, error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  if (json) context.out(`${JSON.stringify({ error: { code: codeOf(error), message } }, null, 2)}\n`);
  context.err(`oubliette: ${forTerminal(message)}\n`);
  return error instanceof CliError ? error.exitCode : isUsage(error) ? 2 : 1;
}

/** What another program or a file says is shown, and moves no cursor. */
function forTerminal(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '?');
}

/** Codes of the libs that say that the user wrote something wrong. */
function isUsage(error: unknown): boolean {
  const usage = [
    'DURATION_INVALID',
    'REASON_INVALID',
    'GUARD_SETTING_UNKNOWN',
    'GUARD_SETTING_INVALID',
    'GUARD_QUESTION_INVALID',
    'PLAN_INPUT_INVALID',
    'AUDIT_QUESTION_INVALID',
    'AUDIT_PATTERN_UNSUPPORTED',
  ];
  return usage.includes(codeOf(error));
}
