import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/oubliette.mjs', import.meta.url));

test('the committed file runs the build, and its exit code is the command’s', () => {
  const asked = ['guard', 'bound', '--policy', 'delete', '--json'];
  const done = spawnSync(process.execPath, [bin, ...asked], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  assert.equal((JSON.parse(done.stdout) as { worstCaseMs: number }).worstCaseMs, 1_213_560_000);
  assert.equal(spawnSync(process.execPath, [bin, ...asked, '--deadline', '24h']).status, 1);
  assert.equal(spawnSync(process.execPath, [bin, 'doctor']).status, 2);
});

test('a reader that has read enough ends nothing with a stack trace', async () => {
  const child = spawn(process.execPath, [bin, 'guard', 'bound', '--policy', 'delete'], { stdio: 'pipe' });
  child.stdout.destroy();
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += String(text)));
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, complaint], [0, '']);
});

test('before the build it says what to run', () => {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-bin-'));
  try {
    mkdirSync(join(directory, 'bin'));
    copyFileSync(bin, join(directory, 'bin', 'oubliette.mjs'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(directory, 'bin', 'oubliette.mjs'), 'doctor'],
      { encoding: 'utf8' },
    );
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /run npm run build/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the broker as a process is ready and ends with 0 on SIGTERM', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-bin-'));
  const child = spawn(process.execPath, [bin, 'broker', '--listen', '127.0.0.1:0', '--data-dir', directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let said = '';
    child.stdout.setEncoding('utf8');
    for await (const text of child.stdout) {
      said += String(text);
      if (said.includes('\n')) break;
    }
    assert.match(said, /^ready 127\.0\.0\.1:\d+\n$/);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
});
