import type { Clock, Entropy } from '@oubliette/runtime';
import { SystemClock } from '@oubliette/runtime';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import type { CliContext } from '../src/context.js';
import { runCli } from '../src/program.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly disk?: SimulatedDisk;
  readonly signal?: AbortSignal;
  readonly stdin?: string;
  /** What a person at the terminal says; default: nobody is there. */
  readonly confirms?: boolean;
  /** Default: the same bytes in every run. */
  readonly entropy?: Entropy;
  /** Hears standard output as it comes. */
  readonly onOut?: (text: string) => void;
}

/** Runs a command line on a simulated disk; nothing reaches the real streams. */
export async function oubliette(args: readonly string[], setting: Setting = {}): Promise<Ran> {
  const said = { out: '', err: '' };
  const code = await runCli(args, makeContext(setting, said));
  return { code, ...said };
}

export function makeContext(setting: Setting, said: { out: string; err: string }): CliContext {
  const disk = setting.disk ?? new SimulatedDisk();
  for (const [path, content] of Object.entries(setting.files ?? {})) {
    disk.makeDirectorySync(path.slice(0, path.lastIndexOf('/')));
    disk.replaceFileSync(path, Buffer.from(content));
  }
  return {
    out: (text) => {
      said.out += text;
      setting.onOut?.(text);
    },
    err: (text) => void (said.err += text),
    errIsTerminal: false,
    confirm:
      setting.confirms === undefined
        ? null
        : (question) => {
            said.err += `${question}\n`;
            return Promise.resolve(setting.confirms === true);
          },
    stdin: async function* () {
      await Promise.resolve();
      yield Buffer.from(setting.stdin ?? '');
    },
    env: setting.env ?? {},
    clock: setting.clock ?? new ManualClock(),
    disk,
    entropy: setting.entropy ?? new SeededEntropy(1),
    signal: setting.signal ?? new AbortController().signal,
  };
}

/** For tests that talk over TCP. */
export const realClock = (): Clock => new SystemClock();
