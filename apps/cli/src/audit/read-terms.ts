import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';

/** 10,000 terms of 256 characters, with room for their line ends. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface TermOptions {
  readonly term?: readonly string[];
  readonly termsFile?: string;
  /** `-`: standard input. */
  readonly terms?: string;
}

/** Terms from the command line, a file and standard input, a line each; empty lines are none. Throws `USAGE`; no message repeats a term. */
export async function readTerms(context: CliContext, options: TermOptions): Promise<string[]> {
  const { term = [], termsFile, terms } = options;
  if (terms !== undefined && terms !== '-')
    throw new CliError(
      'USAGE',
      'audit leaks: --terms takes - for standard input; a file is --terms-file FILE.',
    );
  if (term.length > 0)
    context.err(
      'A --term stands in the history of your shell and in the list of processes: --terms - and --terms-file do not.\n',
    );
  return [
    ...term,
    ...(termsFile === undefined ? [] : linesOf(fileOf(context, termsFile))),
    ...(terms === undefined ? [] : linesOf(await allOf(context.stdin()))),
  ];
}

/** What is private must not be readable by others. */
function fileOf({ disk }: CliContext, file: string): Uint8Array {
  if (!disk.existsSync(file) || disk.statSync(file).kind !== 'file')
    throw new CliError('USAGE', `audit leaks: there is no file ${file}.`);
  const { mode, size } = disk.statSync(file);
  if ((mode & 0o077) !== 0)
    throw new CliError(
      'USAGE',
      `audit leaks: others may read ${file}. Make it yours alone: chmod 600 ${file}`,
    );
  if (size > MOST_BYTES) throw tooMuch();
  return disk.readFileSync(file);
}

async function allOf(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stdin) {
    size += part.length;
    if (size > MOST_BYTES) throw tooMuch();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function linesOf(bytes: Uint8Array): string[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.split(/\r?\n/).filter((line) => line !== '');
  } catch {
    throw new CliError('USAGE', 'audit leaks: the list of terms is not UTF-8.');
  }
}

function tooMuch(): CliError {
  return new CliError('USAGE', 'audit leaks: the list of terms is larger than 16 MiB. Ask in parts.');
}
