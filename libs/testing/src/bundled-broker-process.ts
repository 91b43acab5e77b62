import { startBroker } from '@oubliette/broker';

interface Order {
  readonly dataDir: string;
  readonly port: number;
  readonly config: Readonly<Record<string, string>>;
}

// The program behind `startBundledBroker`: its one argument is the order as JSON.
const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const log =
  (level: string) =>
  (message: string, fields: object = {}): void =>
    say(`${level} ${message} ${JSON.stringify(fields)}`);

try {
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const broker = await startBroker({ ...order, logger });
  process.once('SIGTERM', () => {
    broker.stop().catch((error: unknown) => {
      say(String(error));
      process.exitCode = 1;
    });
  });
  say(`ready ${broker.bootstrap}`);
} catch (error) {
  say(String(error));
  process.exitCode = 1;
}
