import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SystemClock, SystemDisk } from '@oubliette/runtime';
import { LogDirKeyFiles } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import { KEY_TOPIC, batch, keyRecord, refOf, stem, tombstone } from './log-fixture.js';

const privacy = new URL('../../src/index.js', import.meta.url).href;
const runtime = import.meta.resolve('@oubliette/runtime');
const users = [{ userRef: refOf(1), lifecycle: 1 }];

/** A broker's log directory on the machine's disk, and another directory outside it. */
function staged(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'oubliette-odd-'));
  t.after(() => rmSync(root, { recursive: true }));
  const logDir = join(root, 'logs');
  const outside = join(root, 'outside');
  for (const path of [logDir, outside]) mkdirSync(path);
  writeFileSync(join(logDir, 'meta.properties'), 'version=1\nnode.id=1\n');
  const look = async (signal = new AbortController().signal) => {
    const parts = { clock: new SystemClock(), logger: silentLogger, keyTopic: KEY_TOPIC };
    const files = new LogDirKeyFiles({ ...parts, disk: new SystemDisk(), logDirs: [logDir] });
    return (await files.look(3, users, signal))[0]!;
  };
  return { logDir, outside, look };
}

test('a partition’s directory that is a link is looked at, as a broker does', async (t) => {
  const { logDir, outside, look } = staged(t);
  writeFileSync(join(outside, `${stem(0)}.log`), batch(0, [keyRecord(1)]));
  symlinkSync(outside, join(logDir, 'keys-3'));
  assert.deepEqual([...(await look()).standing.values()], [`keys-3/${stem(0)}.log`]);
  writeFileSync(join(outside, `${stem(0)}.log`), batch(0, [tombstone(1)]));
  const { pass } = await look();
  assert.deepEqual([pass?.outcome, pass?.segments.length], ['clean', 1]);
});

test('a pipe in a log directory keeps nobody waiting', (t) => {
  const { logDir } = staged(t);
  mkdirSync(join(logDir, 'keys-3'));
  writeFileSync(join(logDir, 'keys-3', `${stem(0)}.log`), batch(0, [keyRecord(1)]));
  for (const name of ['pipe', `keys-3/${stem(7)}.log`])
    assert.equal(spawnSync('mkfifo', [join(logDir, name)]).status, 0);
  const files = [privacy, runtime].map((index) => JSON.stringify(index));
  const script = `
    const { LogDirKeyFiles } = await import(${files[0]});
    const { SystemClock, SystemDisk } = await import(${files[1]});
    const logDirs = [${JSON.stringify(logDir)}];
    const files = new LogDirKeyFiles({ disk: new SystemDisk(), clock: new SystemClock(), keyTopic: 'keys', logDirs });
    const users = ${JSON.stringify(users)};
    const [{ standing }] = await files.look(3, users, new AbortController().signal);
    console.log(standing.size);`;
  const looked = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
  assert.deepEqual([looked.status, `${looked.stdout}`.trim()], [0, '1']);
});

test('a copy of a partition’s directory is looked at, whatever its name; one within it is unclear', async (t) => {
  for (const copy of ['keys-3.bak', 'keys-3 (copy)', 'backup']) {
    const { logDir, look } = staged(t);
    for (const [name, content] of [
      ['keys-3', [tombstone(1)]],
      [copy, [keyRecord(1)]],
    ] as const) {
      mkdirSync(join(logDir, name));
      writeFileSync(join(logDir, name, `${stem(0)}.log`), batch(0, content));
    }
    const { pass, standing } = await look();
    assert.deepEqual([...standing.values()], [`${copy}/${stem(0)}.log`]);
    assert.deepEqual(
      pass?.segments.map(({ file }) => file),
      [`keys-3/${stem(0)}.log`],
    );
    rmSync(join(logDir, copy, `${stem(0)}.log`));
    assert.equal((await look()).pass?.outcome, 'clean');
    mkdirSync(join(logDir, copy, 'keys-3'));
    assert.equal((await look()).pass?.outcome, 'unclear');
  }
});
