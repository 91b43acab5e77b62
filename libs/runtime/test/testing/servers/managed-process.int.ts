import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleep, SystemClock } from '../../../src/index.js';
import { startProcess, temporaryDirectory, type ManagedProcess } from '../../../src/testing/index.js';

const clock = new SystemClock();

async function inDirectory(work: (logFile: string) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  try {
    await work(join(directory.path, 'log'));
  } finally {
    directory.remove();
  }
}

function start(logFile: string, program: string, readyTimeoutMs = 10_000): Promise<ManagedProcess> {
  return startProcess({
    name: 'The program',
    command: process.execPath,
    args: ['-e', program],
    logFile,
    ready: (log) => log.includes('serving'),
    readyTimeoutMs,
    stopSignal: 'SIGTERM',
    clock,
  });
}

/** One that has ended and was not asked for by its parent yet is not alive. */
const alive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
};
const idle = 'setInterval(() => {}, 1000);';

test('it is ready when it says so, and its stop signal is heard', () =>
  inDirectory(async (logFile) => {
    const program = `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); console.log('serving'); ${idle}`;
    const child = await start(logFile, program);
    assert.ok(alive(child.pid));
    await child.stop();
    assert.ok(!alive(child.pid));
    assert.match(readFileSync(logFile, 'utf8'), /serving\nbye/);
  }));

test('one that does not hear the signal is killed after its grace', () =>
  inDirectory(async (logFile) => {
    const child = await start(logFile, `process.on('SIGTERM', () => {}); console.log('serving'); ${idle}`);
    await child.stop(100);
    assert.ok(!alive(child.pid));
  }));

test('one that ends before it is ready is reported with the end of its log', () =>
  inDirectory((logFile) =>
    assert.rejects(start(logFile, `console.error('no such setting'); process.exitCode = 3;`), {
      code: 'PROCESS_FAILED',
      message: /The program ended before it was ready[^]*no such setting/,
    }),
  ));

test('one that never gets ready is killed and reported; what an earlier run logged does not count', () =>
  inDirectory(async (logFile) => {
    await (await start(logFile, `console.log('serving'); ${idle}`)).kill();
    await assert.rejects(start(logFile, idle, 300), { code: 'PROCESS_NOT_READY' });
  }));

const processModule = new URL('../../../src/testing/index.js', import.meta.url).href;
const runtimeModule = new URL('../../../src/index.js', import.meta.url).href;

/** A parent that starts an idle child, and says its id. */
const parentProgram = (logFile: string): string => `
  import { startProcess } from ${JSON.stringify(processModule)};
  import { SystemClock } from ${JSON.stringify(runtimeModule)};
  const child = await startProcess({
    name: 'The child',
    command: process.execPath,
    args: ['-e', "process.on('SIGTERM', () => {}); console.log('serving'); ${idle}"],
    logFile: ${JSON.stringify(logFile)},
    ready: (log) => log.includes('serving'),
    readyTimeoutMs: 10_000,
    stopSignal: 'SIGTERM',
    clock: new SystemClock(),
  });
  console.log(child.pid);
`;

test('it ends with its parent, whatever ends that', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    await inDirectory(async (logFile) => {
      const args = ['--input-type=module', '-e', parentProgram(logFile)];
      const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(said.toString());
      assert.ok(alive(pid));
      parent.kill(signal);
      await once(parent, 'exit');
      for (let tries = 0; alive(pid) && tries < 100; tries++) await sleep(clock, 50);
      assert.ok(!alive(pid), `it outlives a parent that ended by ${signal}`);
    });
  }
});

test('one that has ended leaves nobody behind that waits for its parent', () =>
  inDirectory(async (logFile) => {
    const child = await start(logFile, `console.log('serving'); ${idle}`);
    const waiting = childrenOf(child.pid);
    assert.equal(waiting.length, 1);
    await child.kill();
    for (let tries = 0; waiting.some(alive) && tries < 100; tries++) await sleep(clock, 50);
    assert.ok(!waiting.some(alive));
  }));

function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []));
}

test('a program that does not exist is reported', () =>
  inDirectory((logFile) =>
    assert.rejects(
      startProcess({
        name: 'Nothing',
        command: '/no/such/program',
        args: [],
        logFile,
        ready: () => false,
        readyTimeoutMs: 5_000,
        stopSignal: 'SIGTERM',
        clock,
      }),
      { code: 'PROCESS_FAILED' },
    ),
  ));
