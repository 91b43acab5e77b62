// How soon a newcomer sees something: a fresh clone to `ready`, and the broker's process alone, against Kafka's by turns.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@oubliette/runtime/testing';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { atMost, quantile, spell } from './support/figures.mjs';
import { startReady, stop } from './support/ready-process.mjs';

export const title = 'Start: a fresh clone, and the broker alone';

const turns = 5;

export async function run({ say }) {
  const clone = await freshClone(say);
  const kafka = process.env['OUBLIETTE_KAFKA_LIBS'] === undefined ? null : await preparedKafka();
  const ours = [];
  const theirs = [];
  try {
    for (let turn = 0; turn < turns; turn++) {
      ours.push(await bundledBroker());
      say(`broker: ${spell(ours.at(-1))}`);
      if (kafka === null) continue;
      theirs.push(await kafka.start());
      say(`Kafka: ${spell(theirs.at(-1))}`);
    }
  } finally {
    kafka?.remove();
  }
  const rows = [
    atMost('fresh clone, warm npm cache: npm ci && npm start to ready', clone, 60_000),
    atMost(`bundled broker, process to ready (median of ${turns})`, quantile(ours, 0.5), 700, ours),
  ];
  if (kafka !== null)
    rows.push({
      what: `Apache Kafka 4.1.1, one node, formatted before (median of ${turns})`,
      measured: quantile(theirs, 0.5),
      runs: theirs,
      text: spell(quantile(theirs, 0.5)),
    });
  return rows;
}

/** The last commit of this repository, as somebody else would get it. */
async function freshClone(say) {
  const directory = temporaryDirectory('oubliette-clone-');
  const clone = join(directory.path, 'oubliette');
  try {
    execFileSync('git', ['clone', '--quiet', '.', clone]);
    const began = performance.now();
    execFileSync('npm', ['ci', '--no-progress', '--loglevel', 'error'], { cwd: clone, stdio: 'ignore' });
    say(`npm ci: ${spell(performance.now() - began)}`);
    const env = { ...process.env, PORT: '0', OUBLIETTE_BROKERS: '', DATABASE_URL: '' };
    // A group of its own: npm passes a signal on to the shell only, not to what the shell runs.
    const stdio = ['ignore', 'pipe', 'ignore'];
    const { child } = await startReady('npm', ['start'], { cwd: clone, env, stdio, detached: true });
    const ms = performance.now() - began;
    say(`npm ci && npm start: ${spell(ms)}`);
    await stopGroup(child);
    return ms;
  } finally {
    directory.remove();
  }
}

async function stopGroup(child) {
  const ended = new Promise((resolve) => child.once('close', resolve));
  process.kill(-child.pid, 'SIGTERM');
  await ended;
}

async function bundledBroker() {
  const directory = temporaryDirectory('oubliette-bench-');
  const args = [
    'apps/cli/bin/oubliette.mjs',
    'broker',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    directory.path,
  ];
  try {
    const { child, ms } = await startReady(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    await stop(child);
    return ms;
  } finally {
    directory.remove();
  }
}

/** Its storage is formatted first, which is no part of a start. */
async function preparedKafka() {
  const directory = temporaryDirectory('oubliette-kafka-');
  const port = await freePort();
  const options = { workDir: directory.path, port };
  await (await startKafka(options)).kill();
  return {
    async start() {
      // Without the data of the turn before, but for the formatting.
      const began = performance.now();
      const server = await startKafka(options);
      const ms = performance.now() - began;
      await server.kill();
      return ms;
    },
    remove: () => rmSync(directory.path, { recursive: true, force: true }),
  };
}
