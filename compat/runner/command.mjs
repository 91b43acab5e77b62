import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Runs a step of a recipe to its end; throws with the end of its output when it fails or cannot be started. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
  if (result.status === 0) return result.stdout;
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`;
  throw new Error(
    `'${command} ${args.join(' ')}' failed:\n${output.trimEnd().split('\n').slice(-15).join('\n')}`,
  );
}

/**
 * Runs a suite's program, calls `onLine` for each line of its standard output, keeps everything in `logFile`. Resolves to its exit
 * code; a program that takes longer than `timeoutMs` is killed, and that is told as exit code null.
 */
export async function follow(command, args, { logFile, timeoutMs, onLine, ...options }) {
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const atExit = () => void child.kill('SIGKILL');
  process.once('exit', atExit);
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    onLine(line);
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  } finally {
    clearTimeout(timer);
    process.removeListener('exit', atExit);
    await new Promise((resolve) => log.end(resolve));
  }
}
