import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBroker } from '@oubliette/broker';
import { runBroker } from '../src/index.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
const longestMs = 20_000;

interface Daemon {
  readonly process: ChildProcess;
  /** Resolves with stdout's first line, or null when the process ends without one. */
  readonly firstLine: Promise<string | null>;
  /** Resolves with what the process left behind. */
  readonly end: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function run(t: TestContext, ...args: readonly string[]): Daemon {
  return runIn(t, process.cwd(), ...args);
}

function runIn(t: TestContext, cwd: string, ...args: readonly string[]): Daemon {
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const end = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  const firstLine = new Promise<string | null>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    void end.then(() => resolve(null));
  });
  return { process: child, firstLine, end };
}

/** The same without a process of its own, for what ends by itself. */
async function runHere(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await runBroker(args, {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    stop: AbortSignal.timeout(longestMs),
  });
  return { code, stdout, stderr };
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'oubliette-daemon-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('the daemon says where it is ready, serves there, and stops with exit code 0', async (t) => {
  const daemon = run(t, '--listen', '127.0.0.1:0', '--data-dir', directory(t));
  const line = await daemon.firstLine;
  const port = /^ready 127\.0\.0\.1:(\d+)$/.exec(line ?? '')?.[1];
  assert.ok(port !== undefined, String(line));
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  daemon.process.kill('SIGTERM');
  const { code, stdout } = await daemon.end;
  assert.equal(code, 0);
  assert.equal(stdout, `${line}\n`);
  await closed;
});

test('a second daemon on the port or the directory of the first says so in one line and exits 1', async (t) => {
  const dataDir = directory(t);
  const first = run(t, '--listen', '127.0.0.1:0', '--data-dir', dataDir);
  const address = (await first.firstLine)?.replace('ready ', '') ?? '';
  const onPort = await runHere('--listen', address, '--data-dir', directory(t));
  assert.deepEqual([onPort.code, onPort.stdout], [1, '']);
  assert.match(onPort.stderr, /^PORT_TAKEN: [^\n]+\n$/);
  const onDirectory = await run(t, '--listen', '127.0.0.1:0', '--data-dir', dataDir).end;
  assert.deepEqual([onDirectory.code, onDirectory.stdout], [1, '']);
  assert.match(onDirectory.stderr, /^DATA_DIR_LOCKED: [^\n]+\n$/);
});

test('settings come from the file and from --set, which goes first; what is wrong is one line', async (t) => {
  const home = directory(t);
  const file = join(home, 'server.properties');
  writeFileSync(file, `num.partitions=0\nlog.dirs=${join(home, 'data')}\nnum.io.threads=4\n`);
  const fixed = run(t, '--listen', '127.0.0.1:0', '--config', file, '--set', 'num.partitions=3', '--json');
  assert.match((await fixed.firstLine) ?? '', /^\{"ready":"127\.0\.0\.1:\d+"\}$/);
  fixed.process.kill('SIGINT');
  const { code, stderr } = await fixed.end;
  assert.equal(code, 0);
  assert.match(stderr, /num\.io\.threads has no effect/);
  for (const [args, expected, exit] of [
    [['--config', file], /^CONFIG_INVALID: [^\n]*num\.partitions[^\n]*\n$/, 2],
    [['--set', 'no.such.setting=1'], /^CONFIG_INVALID: [^\n]*no\.such\.setting[^\n]*\n$/, 2],
    [['--config', join(home, 'missing')], /^CONFIG_INVALID: [^\n]+\n$/, 2],
    [['--data-dir', file], /^DATA_DIR_NOT_WRITABLE: [^\n]*is, or stands in, a file[^\n]*\n$/, 1],
    [['--data-dir', join(file, 'data')], /^DATA_DIR_NOT_WRITABLE: [^\n]*stands in, a file[^\n]*\n$/, 1],
    [['--set', 'nothing'], /--set takes KEY=VALUE[^\n]*\n$/, 2],
    [['--listen', 'nowhere'], /^--listen: [^\n]+\n$/, 2],
    [['--what'], /--what[^\n]*\n$/, 2],
  ] as const) {
    const refused = await runHere('--listen', '127.0.0.1:0', ...args);
    assert.equal(refused.code, exit, refused.stderr);
    assert.match(refused.stderr, expected);
  }
  const asProcess = await run(t, '--listen', '127.0.0.1:0', '--what').end;
  assert.equal(asProcess.code, 2);
  assert.match(asProcess.stderr, /--what[^\n]*\n$/);
});

test('without a directory it takes data/broker, below what a sample application keeps in data', async (t) => {
  const home = directory(t);
  mkdirSync(join(home, 'data'));
  writeFileSync(join(home, 'data', 'sample.db'), '');
  const daemon = runIn(t, home, '--listen', '127.0.0.1:0');
  assert.notEqual(await daemon.firstLine, null);
  daemon.process.kill('SIGTERM');
  const { code, stderr } = await daemon.end;
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /--data-dir/);
  assert.ok(existsSync(join(home, 'data', 'broker', 'cluster.json')));
  assert.deepEqual(readdirSync(join(home, 'data')), ['broker', 'sample.db']);
});

test('without a directory it finds the logs where earlier versions kept them, and says so', async (t) => {
  const home = directory(t);
  const before = await startBroker({ dataDir: join(home, 'data'), port: 0 });
  await before.stop();
  const daemon = runIn(t, home, '--listen', '127.0.0.1:0');
  assert.notEqual(await daemon.firstLine, null);
  daemon.process.kill('SIGTERM');
  const { code, stderr } = await daemon.end;
  assert.equal(code, 0);
  assert.match(stderr, /^warn [^\n]*--data-dir \.\/data/m);
  assert.ok(!existsSync(join(home, 'data', 'broker')));
});

test('a file of the data directory that cannot be read is told in one line', async (t) => {
  const dataDir = directory(t);
  mkdirSync(join(dataDir, 'cluster.json'));
  const { code, stderr } = await run(t, '--listen', '127.0.0.1:0', '--data-dir', dataDir).end;
  assert.equal(code, 1);
  assert.match(stderr, /^EISDIR: \S+ of \S+cluster\.json failed: [^\n]+\n$/);
});
