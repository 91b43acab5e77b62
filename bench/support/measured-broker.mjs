// The bundled broker as a process that watches its own event loop. Its one argument is the order as JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startBroker } from '@oubliette/broker';

const resolutionMs = 1;
const silent = () => undefined;
const complain = (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
const broker = await startBroker({
  ...JSON.parse(process.argv[2]),
  logger: { debug: silent, info: silent, warn: silent, error: complain },
});
delays.enable();
process.on('message', () => {
  process.send({ longestBlockMs: delays.max / 1e6 - resolutionMs });
  delays.reset();
});
process.once('SIGTERM', () => {
  broker.stop().then(
    () => process.disconnect(),
    (error) => {
      complain(String(error), {});
      process.exit(1);
    },
  );
});
process.stdout.write(`ready ${broker.bootstrap}\n`);
