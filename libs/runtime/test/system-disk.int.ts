import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { sleep, SystemClock, SystemDisk } from '../src/index.js';
import { diskContract } from '../src/testing/index.js';

function make(): { disk: SystemDisk; root: string; dispose: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'oubliette-disk-'));
  return { disk: new SystemDisk(), root, dispose: () => rmSync(root, { recursive: true }) };
}

diskContract(make);

const index = new URL('../src/index.js', import.meta.url).href;
const holder = `
  const { SystemDisk } = await import(process.argv[1]);
  new SystemDisk().lockSync(process.argv[2]);
  console.log('held');
  setInterval(() => undefined, 1000);`;

test('a lock of another process holds while it lives and is taken over after kill -9', async () => {
  const { disk, root, dispose } = make();
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, index, `${root}/.lock`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    assert.throws(() => disk.lockSync(`${root}/.lock`), new RegExp(`ELOCKED.*Process ${child.pid} holds it`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const release = disk.lockSync(`${root}/.lock`);
    assert.throws(() => disk.lockSync(`${root}/.lock`), /ELOCKED/);
    release();
  } finally {
    child.kill('SIGKILL');
    dispose();
  }
});

test(
  'a holder that has ended keeps nothing, also while its parent does not ask for its end',
  { skip: process.platform !== 'linux' },
  async () => {
    const { disk, root, dispose } = make();
    // The shell becomes `sleep`, which never waits for the child that the shell began.
    const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
      const stat = (): string => readFileSync(`/proc/${Number(pid)}/stat`, 'utf8');
      while (!stat().includes(') Z ')) await new Promise((resolve) => setImmediate(resolve));
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const startTime = stat().split(') ')[1]?.split(' ')[19];
      writeFileSync(`${root}/.lock`, `${Number(pid)} ${startTime} ${boot}\n`);
      disk.lockSync(`${root}/.lock`)();
    } finally {
      parent.kill('SIGKILL');
      dispose();
    }
  },
);

test('the lock of a running process is its directory alone: a copy of that can be taken', () => {
  const { disk, root, dispose } = make();
  try {
    const [original, copy] = [join(root, 'original'), join(root, 'copy')];
    disk.makeDirectorySync(original);
    const release = disk.lockSync(`${original}/.lock`);
    cpSync(original, copy, { recursive: true, preserveTimestamps: true });
    const releaseCopy = disk.lockSync(`${copy}/.lock`);
    for (const held of [original, copy]) assert.throws(() => disk.lockSync(`${held}/.lock`), /ELOCKED/);
    renameSync(original, `${original}-moved`);
    assert.throws(() => disk.lockSync(`${original}-moved/.lock`), /ELOCKED/);
    renameSync(`${original}-moved`, original);
    release();
    releaseCopy();
    assert.deepEqual(disk.listSync(copy), []);
  } finally {
    dispose();
  }
});

test(
  'a process id that was given to another process does not keep the lock',
  { skip: process.platform !== 'linux' },
  () => {
    const { disk, root, dispose } = make();
    try {
      disk.lockSync(`${root}/.lock`);
      const [pid, start, boot] = readFileSync(`${root}/.lock`, 'utf8').trim().split(' ');
      assert.equal(Number(pid), process.pid);
      writeFileSync(`${root}/.lock`, `${pid} ${Number(start) - 1} ${boot}\n`);
      disk.lockSync(`${root}/.lock`)();
      for (const torn of ['', 'x', `${pid}`]) {
        writeFileSync(`${root}/.lock`, torn);
        disk.lockSync(`${root}/.lock`)();
      }
    } finally {
      dispose();
    }
  },
);

test(
  'a directory that takes no entries refuses at once, also below it',
  { skip: process.platform !== 'linux' },
  () => {
    // In a process of its own: what never ends can be ended there.
    const script = `
    const { SystemDisk } = await import(process.argv[1]);
    for (const path of ['/proc/none', '/proc/none/below'])
      try { new SystemDisk().makeDirectorySync(path); } catch (error) { console.log(error.code); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, index], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    assert.equal(stdout, 'ENOENT\nENOENT\n');
  },
);

test('a file that got the number of a removed one is another file all the same', async () => {
  const { disk, root, dispose } = make();
  try {
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      writeFileSync(`${root}/a`, '');
      const file = disk.openSync(`${root}/a`, 'read');
      seen.add(file.identity());
      file.closeSync();
      disk.removeFileSync(`${root}/a`);
      // File systems note the time of birth by the tick of the kernel.
      await sleep(new SystemClock(), 20);
    }
    assert.equal(seen.size, 5);
  } finally {
    dispose();
  }
});

test('a file in the way of a directory is named by its code', () => {
  const { disk, root, dispose } = make();
  try {
    writeFileSync(`${root}/file`, '');
    assert.throws(() => disk.makeDirectorySync(`${root}/file`), /create of .*file failed: EEXIST/);
    assert.throws(() => disk.makeDirectorySync(`${root}/file/below`), /create of .*below failed: ENOTDIR/);
  } finally {
    dispose();
  }
});

test('a real path goes through links, also to what does not exist yet', () => {
  const { disk, root, dispose } = make();
  try {
    disk.makeDirectorySync(`${root}/data`);
    symlinkSync(`${root}/data`, `${root}/link`);
    assert.equal(disk.realPathSync(`${root}/link/sub/keys`), `${disk.realPathSync(root)}/data/sub/keys`);
  } finally {
    dispose();
  }
});
