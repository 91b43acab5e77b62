// The bundled broker as a process that watches its own event loop. Its one argument is the order as JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startBroker } from '@oubliette/broker';
import { keepYoungGenerationSmall } from '@oubliette/broker-app';
import { Blockers, watchedDisk } from './watched-disk.mjs';

const resolutionMs = 1;
const silent = () => undefined;
const complain = (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
// What blocks is looked into only where that is asked for: the other figures are those of the broker as it is delivered.
const { watch = false, ...order } = JSON.parse(process.argv[2]);
const blockers = watch ? new Blockers() : null;
// As the daemon does.
keepYoungGenerationSmall();
const broker = await startBroker({
  ...order,
  ...(blockers === null ? {} : { disk: watchedDisk(blockers) }),
  logger: { debug: silent, info: silent, warn: silent, error: complain },
});
delays.enable();
process.on('message', () => {
  process.send({ longestBlockMs: delays.max / 1e6 - resolutionMs, blockers: blockers?.take() ?? [] });
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
