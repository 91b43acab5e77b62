import { spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Clock } from '../../clock.js';
import { sleep } from '../../sleep.js';
import { TestingError } from './errors.js';
import { spawnWithParent } from './with-parent.js';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Takes stdout and stderr; appended to. */
  readonly logFile: string;
  /** Text in the log file, or a check, that shows that it serves. */
  readonly ready: (log: string) => boolean | Promise<boolean>;
  readonly readyTimeoutMs: number;
  readonly stopSignal: NodeJS.Signals;
  readonly clock: Clock;
}

/** A child process that is ended by its id, at the latest when this process ends, be it killed. */
export interface ManagedProcess {
  readonly pid: number;
  /** Sends the stop signal, and SIGKILL when that did not end it within `graceMs`. Resolves once it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL, as a crash. Resolves once it is gone. */
  kill(): Promise<void>;
}

const pollMs = 20;
const commandTimeoutMs = 120_000;
const tailLines = 15;

/** Starts a process and resolves when it is ready; rejects with the end of its log when it is not. */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  const log = openSync(spec.logFile, 'a');
  const start = readFileSync(spec.logFile).length;
  const child = spawnWithParent(spec.command, spec.args, ['ignore', log, log]);
  closeSync(log);
  const managed = manage(child, spec);
  const output = (): string => readFileSync(spec.logFile).subarray(start).toString('utf8');
  const deadline = spec.clock.monotonic() + spec.readyTimeoutMs;
  while (!(await spec.ready(output()))) {
    const gone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (gone || spec.clock.monotonic() > deadline) {
      await managed.kill();
      const what = gone ? 'ended before it was ready' : `was not ready within ${spec.readyTimeoutMs} ms`;
      throw new TestingError(
        gone ? 'PROCESS_FAILED' : 'PROCESS_NOT_READY',
        `${spec.name} ${what}. The end of ${spec.logFile}:\n${tail(output())}`,
      );
    }
    await sleep(spec.clock, pollMs);
  }
  return managed;
}

/** Runs a command to its end, which must come within two minutes; throws `PROCESS_FAILED` with its output when it fails. */
export function runToEnd(name: string, command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
    timeout: commandTimeoutMs,
  });
  if (result.status === 0) return result.stdout;
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`;
  throw new TestingError('PROCESS_FAILED', `${name} failed (${command}):\n${tail(output)}`);
}

function manage(child: ChildProcess, spec: ProcessSpec): ManagedProcess {
  const atExit = (): void => void child.kill('SIGKILL');
  process.once('exit', atExit);
  const ended = new Promise<void>((resolve) => {
    const done = (): void => {
      process.removeListener('exit', atExit);
      resolve();
    };
    child.once('exit', done);
    child.once('error', done);
  });
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = spec.clock.schedule(graceMs, () => void child.kill('SIGKILL'));
    await ended;
    timer.cancel();
  };
  return {
    pid: child.pid ?? 0,
    stop: (graceMs = 5_000) => end(spec.stopSignal, graceMs),
    kill: () => end('SIGKILL', 0),
  };
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-tailLines).join('\n');
}
