import { Command } from 'commander';
import { Finished } from '../action.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { collect } from '../option-values.js';

interface BrokerOptions extends GlobalOptions {
  readonly listen?: string;
  readonly config?: string;
  readonly set?: readonly string[];
}

/** The bundled broker as this process; its own application reads the options and says what is wrong with them. */
export function addBrokerCommand(program: Command, context: CliContext): void {
  program
    .command('broker')
    .description('the bundled broker: prints "ready HOST:PORT" and runs until SIGTERM')
    .option('--listen <host:port>', '127.0.0.1:9092 where it is not given; port 0 takes a free one')
    .option('--config <file>', 'Kafka broker settings as Java properties')
    .option('--set <key=value>', 'one Kafka broker setting (repeatable)', collect)
    .action(async (...received: unknown[]) => {
      const self = received.at(-1);
      if (!(self instanceof Command))
        throw new TypeError('commander calls an action with its command at last');
      const options = self.optsWithGlobals<BrokerOptions>();
      const given = self.getOptionValueSourceWithGlobals('dataDir') === 'cli';
      // Loaded here: no other command needs the engine.
      const { runBroker } = await import('@oubliette/broker-app');
      const code = await runBroker(brokerArguments(options, given), {
        stdout: { write: context.out },
        stderr: { write: context.err },
        stop: context.signal,
      });
      throw new Finished(code);
    });
}

function brokerArguments(options: BrokerOptions, dataDirGiven: boolean): string[] {
  const { listen, config, set, dataDir, json } = options;
  return [
    ...(listen === undefined ? [] : ['--listen', listen]),
    ...(config === undefined ? [] : ['--config', config]),
    ...(set ?? []).flatMap((entry) => ['--set', entry]),
    ...(dataDirGiven ? ['--data-dir', dataDir] : []),
    ...(json ? ['--json'] : []),
  ];
}
