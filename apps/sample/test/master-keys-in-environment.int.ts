import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSettings } from '../src/startup/settings.js';
import { startSample, type RunningSample } from '../src/startup/start-sample.js';
import { Client } from './support/client.js';

const home = mkdtempSync(join(tmpdir(), 'oubliette-sample-'));
const key = randomBytes(32).toString('base64');
const lines: string[] = [];
after(() => rmSync(home, { recursive: true }));

function start(): Promise<RunningSample> {
  const environment = { PORT: '0', SAMPLE_CLASS: 'none', OUBLIETTE_MASTER_KEYS: 'env:KEYS_OF_A_TEST' };
  return startSample(readSettings(environment, home), (line) => lines.push(line));
}

test('master keys from the environment: read once, found in no file and no line, and wanted at each start', async () => {
  process.env['KEYS_OF_A_TEST'] = `1:${key}`;
  const first = await start();
  try {
    assert.equal(process.env['KEYS_OF_A_TEST'], undefined);
    const { status } = await new Client(first.address, first.adminToken).post('/students', {
      id: 'student-ann',
      name: 'Ann',
      email: 'ann@example.org',
    });
    assert.equal(status, 201);
  } finally {
    await first.close();
  }
  const files = readdirSync(home, { recursive: true }).map((name) => join(home, String(name)));
  for (const file of files.filter((path) => statSync(path).isFile())) {
    const bytes = readFileSync(file);
    for (const secret of [key, Buffer.from(key, 'base64')]) assert.ok(!bytes.includes(secret), file);
  }
  const state = JSON.parse(readFileSync(join(home, 'data', 'oubliette.json'), 'utf8')) as object;
  assert.deepEqual('masterKeys' in state && state.masterKeys, 'env:KEYS_OF_A_TEST');
  await assert.rejects(start(), { code: 'MASTER_KEY_MISSING' });

  process.env['KEYS_OF_A_TEST'] = `1:${randomBytes(32).toString('base64')}`;
  await assert.rejects(start(), { code: 'MASTER_KEY_MISMATCH' });

  process.env['KEYS_OF_A_TEST'] = `1:${key}`;
  const again = await start();
  try {
    const { body } = await new Client(again.address, again.adminToken).get('/students/student-ann');
    assert.equal(body['name'], 'Ann');
  } finally {
    await again.close();
  }
  assert.ok(lines.every((line) => !line.includes(key)));
});
