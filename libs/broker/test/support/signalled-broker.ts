// A broker that a SIGTERM ends, while it starts too, as the daemon's main program has it. Its one argument is the data directory.
import { BrokerError, startBroker } from '../../src/index.js';

const controller = new AbortController();
const stopped = new Promise<void>((resolve) =>
  controller.signal.addEventListener('abort', () => resolve(), { once: true }),
);
process.once('SIGTERM', () => controller.abort());
try {
  const { signal } = controller;
  const broker = await startBroker({ dataDir: process.argv[2] ?? '', port: 0, signal });
  process.stdout.write('ready\n');
  await stopped;
  await broker.stop();
} catch (error) {
  if (!(error instanceof BrokerError)) throw error;
  process.stdout.write(`${error.code}\n`);
}
