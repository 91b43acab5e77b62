import { join } from 'node:path';
import { BrokerError, parseProperties, startBroker, type Logger } from '@oubliette/broker';
import { DiskError, SystemDisk } from '@oubliette/runtime';
import { parseBrokerArguments, usage, UsageError, type BrokerArguments } from './arguments.js';
import { lineLogger, type LineSink } from './line-logger.js';
import { keepYoungGenerationSmall } from './young-generation.js';

/** The world of one run. */
export interface BrokerRun {
  readonly stdout: LineSink;
  readonly stderr: LineSink;
  /** Aborted when the broker shall stop. */
  readonly stop: AbortSignal;
}

const exit = { done: 0, failed: 1, usage: 2 } as const;
const formerDirectory = './data';

/** Runs the daemon until it is told to stop; resolves to the exit code. What goes wrong is said in one line on stderr. */
export async function runBroker(args: readonly string[], run: BrokerRun): Promise<number> {
  try {
    const parsed = parseBrokerArguments(args);
    if (parsed.help) {
      run.stdout.write(usage);
      return exit.done;
    }
    await serve(parsed, run);
    return exit.done;
  } catch (error) {
    if (error instanceof UsageError) {
      run.stderr.write(`${oneLine(error.message)} (--help shows how)\n`);
      return exit.usage;
    }
    if (error instanceof DiskError) {
      run.stderr.write(`${error.code}: ${oneLine(error.message)}\n`);
      return exit.failed;
    }
    if (!(error instanceof BrokerError)) throw error;
    if (error.code === 'STOPPED') return exit.done;
    run.stderr.write(`${error.code}: ${oneLine(error.message)}\n`);
    return error.code === 'CONFIG_INVALID' ? exit.usage : exit.failed;
  }
}

async function serve(parsed: BrokerArguments, { stdout, stderr, stop }: BrokerRun): Promise<void> {
  keepYoungGenerationSmall();
  const config = { ...readConfigFile(parsed.configFile), ...parsed.settings };
  const logger = lineLogger(stderr);
  const broker = await startBroker({
    dataDir: parsed.dataDir ?? config['log.dirs'] ?? config['log.dir'] ?? usualDirectory(logger),
    config,
    logger,
    signal: stop,
    ...(parsed.listen ?? {}),
  });
  const { bootstrap } = broker;
  stdout.write(parsed.json ? `${JSON.stringify({ ready: bootstrap })}\n` : `ready ${bootstrap}\n`);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
  await broker.stop();
}

/** Below ./data, where a sample application keeps its database and its broker's logs: in the same place. */
function usualDirectory(logger: Logger): string {
  // Where earlier versions kept them: an empty broker in their place would look like a loss.
  if (!new SystemDisk().existsSync(join(formerDirectory, 'cluster.json')))
    return join(formerDirectory, 'broker');
  logger.warn(
    'the logs are kept in ./data; without them a broker uses ./data/broker: give --data-dir ./data to keep to it',
  );
  return formerDirectory;
}

function readConfigFile(path: string | undefined): Record<string, string> {
  if (path === undefined) return {};
  try {
    return parseProperties(new TextDecoder().decode(new SystemDisk().readFileSync(path)));
  } catch (cause) {
    if (!(cause instanceof DiskError)) throw cause;
    throw new BrokerError('CONFIG_INVALID', `The configuration file cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
