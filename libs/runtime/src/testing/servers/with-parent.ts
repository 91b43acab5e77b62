import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

type Streams = readonly ['ignore' | 'pipe' | number, 'ignore' | 'pipe' | number, 'ignore' | 'pipe' | number];

/**
 * The shell becomes the command itself, so that its process id and its signals are the command's. A helper is left that waits on file
 * descriptor 3: a line says that the command has ended; its end without a line, that the parent has, which the command must not outlive.
 */
const script = `
(trap '' INT TERM HUP; read -r ended <&3 || kill -KILL $$) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`;

/**
 * Starts a command that ends with this process, for whatever reason that ends, SIGKILL included: an orphaned server would keep its port
 * and its memory. Needs `sh`.
 */
export function spawnWithParent(command: string, args: readonly string[], stdio: Streams): ChildProcess {
  const child = spawn('sh', ['-c', script, 'sh', command, ...args], { stdio: [...stdio, 'pipe'] });
  const line = child.stdio[3];
  if (!(line instanceof Socket)) return child;
  // Only the command keeps this process waiting.
  line.unref();
  // The helper may be gone before it hears of it.
  line.on('error', () => undefined);
  child.once('exit', () => line.end('ended\n'));
  return child;
}
