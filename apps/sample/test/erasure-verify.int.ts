import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ErasureCheck, ErasureStatement } from '@oubliette/privacy';
import { KEY_TOPIC } from '../src/startup/open-engine.js';
import { readSettings } from '../src/startup/settings.js';
import { startSample, type RunningSample } from '../src/startup/start-sample.js';
import { Client, eventually } from './support/client.js';

const bin = fileURLToPath(new URL('../../../cli/bin/oubliette.mjs', import.meta.url));
interface SignedFile {
  readonly body: { readonly evidence: NonNullable<ErasureStatement['evidence']> };
}
const ann = { id: 'student-ann-0077', name: 'Ann', email: 'ann@example.org' };

describe('oubliette erasure verify', { timeout: 300_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'oubliette-verify-'));
  const dataDir = join(home, 'data');
  let sample: RunningSample;
  before(async () => {
    sample = await startSample(readSettings({ PORT: '0', SAMPLE_CLASS: 'none' }, home), () => undefined);
  });
  after(async () => {
    await sample.close();
    rmSync(home, { recursive: true });
  });

  /** From a shell, as anybody would. */
  async function verify(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [bin, 'erasure', 'verify', ...args, '--data-dir', dataDir]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  it('says no while the key stands in any file of the broker, and yes when it does nowhere', async () => {
    const client = new Client(sample.address, sample.adminToken);
    await client.post('/students', ann);
    // Somebody copies the segments, under a name that no broker looks after.
    const partitions = readdirSync(join(dataDir, 'broker'))
      .filter((name) => name.startsWith(`${KEY_TOPIC}-`))
      .map((name) => join(dataDir, 'broker', name));
    for (const directory of partitions)
      for (const name of readdirSync(directory).filter((file) => file.endsWith('.log')))
        copyFileSync(join(directory, name), join(directory, 'forgotten-copy'));

    const { body } = await client.post(`/privacy/users/${ann.id}/forget`);
    const id = String(body['erasureId']);
    const standing = await verify(id, '--json');
    assert.equal(standing.code, 1, standing.err);
    const check = JSON.parse(standing.out) as ErasureCheck;
    assert.deepEqual([check.erasureId, check.verdict], [id, 'remains']);
    assert.deepEqual(check.replicas, [{ broker: 1, isLeader: true, isInSync: true, seen: 'log and files' }]);

    const erasure = async () => (await client.get(`/privacy/erasures/${id}`)).body;
    await eventually(async () =>
      assert.match(
        String((await erasure())['note']),
        /^blocked: a key stands in .*\/forgotten-copy of broker 1, and in its log no more/,
      ),
    );
    assert.equal((await erasure())['state'], 'forgotten');
    const copied = await verify(id);
    assert.equal(copied.code, 1, copied.err);
    assert.match(copied.out, /forgotten {2}remains: /);
    assert.match(copied.out, /key record in .*\/forgotten-copy at offset \d+/);
    for (const directory of partitions) rmSync(join(directory, 'forgotten-copy'), { force: true });
    await eventually(async () => assert.equal((await erasure())['state'], 'erased'));
    const { body: certificate } = await client.get(`/privacy/erasures/${id}/certificate`);
    const files = (certificate as unknown as SignedFile).body.evidence.files;
    assert.deepEqual(
      files.map(({ replica, outcome }) => [replica, outcome]),
      [[1, 'clean']],
    );
    assert.ok(files[0]?.segments.every(({ file }) => /^[^/]+-\d+\/\d{20}\.log$/.test(file)));
    const clean = await verify(id, '--log-dir', join(dataDir, 'broker'), '--every-topic');
    assert.equal(clean.code, 0, clean.out);
    assert.match(clean.out, /erased {2}clean: /);
    assert.match(clean.out, /replica on broker 1, which leads: seen by its log and files/);
  });
});
