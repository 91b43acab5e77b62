import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
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
