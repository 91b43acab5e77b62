import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { createInterface } from 'node:readline/promises';
import { runCli } from './program.js';

/** Runs the command line and sets the process's exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('Stopped.'));
  // Who reads may have read enough, as `head` has.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await runCli(args, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    errIsTerminal: process.stderr.isTTY === true,
    confirm: process.stdin.isTTY === true && process.stderr.isTTY === true ? confirm : null,
    stdin: () => process.stdin,
    env: process.env,
    clock: new SystemClock(),
    disk: new SystemDisk(),
    entropy: new SystemEntropy(),
    // Only who asks for the signal stops by it; for all others Ctrl-C is the end at once.
    get signal() {
      if (process.listenerCount('SIGINT', stop) === 0) process.once('SIGINT', stop).once('SIGTERM', stop);
      return stopping.signal;
    },
  });
  process.off('SIGINT', stop).off('SIGTERM', stop);
}

/** On standard error, so that standard output stays the answer. The end of the input is no. */
async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
