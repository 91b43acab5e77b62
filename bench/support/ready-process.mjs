import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts a process and resolves when it prints a line that begins with `ready `: `{ child, rest, ms }`, where `ms` is how
 * long that took. It is killed with the benchmark.
 */
export function startReady(command, args, options = {}) {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  // Detached, it leads a group of its own: whatever it started goes with it.
  const kill = () => void process.kill(options.detached ? -child.pid : child.pid, 'SIGKILL');
  // Each child has a listener of its own, and there may be more of them than Node takes for a leak.
  process.setMaxListeners(process.getMaxListeners() + 1);
  process.once('exit', kill);
  child.once('exit', () => {
    process.removeListener('exit', kill);
    process.setMaxListeners(process.getMaxListeners() - 1);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready '))
        resolve({ child, rest: line.slice('ready '.length), ms: performance.now() - began });
    });
  });
}

/** Asks a process to end and waits for it. Rejects when it did not end by itself within a minute. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
}
