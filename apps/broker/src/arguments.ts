import { parseArgs } from 'node:util';
import { BrokerError, parseListener } from '@oubliette/broker';

/** What the command line asks for. */
export interface BrokerArguments {
  readonly listen?: { readonly host: string; readonly port: number };
  readonly configFile?: string;
  /** From `--set`, the last one of a name wins. */
  readonly settings: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** The command line is not one of this command's. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

export const usage = `oubliette broker [--listen HOST:PORT] [--config FILE] [--set KEY=VALUE]... [--data-dir DIR] [--json]

  --listen HOST:PORT   where to listen, 127.0.0.1:9092 by default; port 0 takes a free one
  --config FILE        Kafka broker settings, as Java properties
  --set KEY=VALUE      one Kafka broker setting; goes before the file's
  --data-dir DIR       where logs and topics are kept, ./data/broker by default
  --json               the ready line as JSON

Prints "ready HOST:PORT" when it serves. SIGTERM or SIGINT stops it cleanly.
`;

/** Throws UsageError. */
export function parseBrokerArguments(args: readonly string[]): BrokerArguments {
  const { values } = parse(args);
  const settings: Record<string, string> = {};
  for (const entry of values.set ?? []) {
    const at = entry.indexOf('=');
    if (at < 1) throw new UsageError(`--set takes KEY=VALUE, not '${entry}'`);
    settings[entry.slice(0, at).trim()] = entry.slice(at + 1);
  }
  return {
    ...(values.listen === undefined ? {} : { listen: parseListen(values.listen) }),
    ...(values.config === undefined ? {} : { configFile: values.config }),
    ...(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] }),
    settings,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        listen: { type: 'string' },
        config: { type: 'string' },
        set: { type: 'string', multiple: true },
        'data-dir': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: false,
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function parseListen(text: string): { host: string; port: number } {
  try {
    return parseListener(text);
  } catch (cause) {
    if (cause instanceof BrokerError) throw new UsageError(`--listen: ${cause.message}`, { cause });
    throw cause;
  }
}
