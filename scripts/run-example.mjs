// Runs examples/minimal against the bundled broker, as its README says to, and holds its output against what it must be.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const expected = `0: ada@example.org reads engines
1: grace@example.org reads compilers
2: grace@example.org reads engines
ada is forgotten
`;

const dataDir = mkdtempSync(join(tmpdir(), 'oubliette-example-broker-'));
const broker = spawn(
  process.execPath,
  ['apps/cli/bin/oubliette.mjs', 'broker', '--listen', '127.0.0.1:0', '--data-dir', dataDir],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const brokers = await new Promise((resolve, reject) => {
  createInterface({ input: broker.stdout }).on('line', (line) => {
    if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
  });
  broker.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)));
});
const run = spawnSync('npm', ['start', '--silent', '-w', 'examples/minimal'], {
  env: { ...process.env, OUBLIETTE_BROKERS: brokers },
  encoding: 'utf8',
  timeout: 60_000,
});
const stopped = new Promise((resolve) => broker.once('exit', resolve));
broker.kill('SIGTERM');
await stopped;
rmSync(dataDir, { recursive: true });
process.stdout.write(run.stdout);
process.stderr.write(run.stderr);
if (run.status !== 0 || run.stdout !== expected) {
  process.stderr.write(`expected:\n${expected}`);
  process.exitCode = 1;
}
