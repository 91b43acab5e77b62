// The sample as a process of its own, as `npm start` runs it; with `plain` as argument, with encryption off.
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import { openEngine } from '../../apps/sample/dist/src/startup/open-engine.js';
import { readSettings } from '../../apps/sample/dist/src/startup/settings.js';
import { startSample } from '../../apps/sample/dist/src/startup/start-sample.js';
import { PlainKeyring } from './plain-keyring.mjs';

const toStderr = (line) => void process.stderr.write(`${line}\n`);

async function openPlainEngine(options) {
  const engine = await openEngine(options);
  const keyring = new PlainKeyring();
  return { ...engine, keyring, codec: createEventCodec({ keyring, format: createJsonFormat() }) };
}

const engineOf = process.argv[2] === 'plain' ? openPlainEngine : openEngine;
/** Seconds of processor time of this process, all its threads. */
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
process.on('message', () => process.send({ cpuSeconds: cpuSeconds() }));
const sample = await startSample(readSettings(process.env, process.cwd()), toStderr, engineOf);
process.once('SIGTERM', () => {
  sample.close().then(
    () => process.disconnect(),
    (error) => {
      toStderr(String(error));
      process.exit(1);
    },
  );
});
process.stdout.write(`ready ${sample.address}\n`);
