import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';

/** More than any request to forget names at once; the text of so many fits memory with ease. */
const mostUsers = 1_000_000;
const mostBytes = 256 * 1024 * 1024;

export interface UsersOption {
  /** A file with an id a line; `-` is standard input. */
  readonly file?: string;
}

/** The users that a command line names, or a file does, an id a line as it stands; empty lines are none. Throws `USAGE`. */
export async function readUserIds(
  context: CliContext,
  command: string,
  named: readonly string[],
  { file }: UsersOption,
): Promise<string[]> {
  if (file !== undefined && named.length > 0)
    throw new CliError('USAGE', `${command}: name users, or a --file, not both.`);
  const ids = file === undefined ? [...named] : linesOf(await textOf(context, command, file));
  if (ids.length === 0 || ids.includes(''))
    throw new CliError('USAGE', `${command}: ${ids.length === 0 ? 'no user is named' : 'an id is empty'}.`);
  if (ids.length > mostUsers) throw tooMuch(command, `more than ${mostUsers} users`);
  return ids;
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

async function textOf(context: CliContext, command: string, file: string): Promise<string> {
  const bytes = file === '-' ? await allOf(context, command) : fileOf(context, command, file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError('USAGE', `${command}: the list of users is not UTF-8.`);
  }
}

function fileOf({ disk }: CliContext, command: string, file: string): Uint8Array {
  if (!disk.existsSync(file) || disk.statSync(file).kind !== 'file')
    throw new CliError('USAGE', `${command}: there is no file ${file}.`);
  if (disk.statSync(file).size > mostBytes) throw tooMuch(command, 'a list of more than 256 MiB');
  return disk.readFileSync(file);
}

async function allOf({ stdin }: CliContext, command: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stdin()) {
    size += part.length;
    if (size > mostBytes) throw tooMuch(command, 'a list of more than 256 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooMuch(command: string, what: string): CliError {
  return new CliError('USAGE', `${command}: ${what}. Split the list.`);
}
