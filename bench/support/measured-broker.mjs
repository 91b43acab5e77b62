// The bundled broker as a process that watches its own event loop. Its one argument is the order as JSON.
import { startBroker } from '@oubliette/broker';
import { keepYoungGenerationSmall } from '@oubliette/broker-app';
import { BlockWatch } from './block-watch.mjs';
import { watchedDisk } from './watched-disk.mjs';

const silent = () => undefined;
const complain = (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
// What blocks is looked into only where that is asked for: the other figures are those of the broker as it is delivered.
const { watch = false, ...order } = JSON.parse(process.argv[2]);
const blocks = watch ? new BlockWatch() : null;
// As the daemon does.
keepYoungGenerationSmall();
const broker = await startBroker({
  ...order,
  ...(blocks === null ? {} : { disk: watchedDisk(blocks) }),
  logger: { debug: silent, info: silent, warn: silent, error: complain },
});
process.on('message', () => process.send(blocks?.take() ?? {}));
process.once('SIGTERM', () => {
  blocks?.stop();
  broker.stop().then(
    () => process.disconnect(),
    (error) => {
      complain(String(error), {});
      process.exit(1);
    },
  );
});
process.stdout.write(`ready ${broker.bootstrap}\n`);
