import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startReady, stop } from './ready-process.mjs';

const entry = fileURLToPath(new URL('measured-sample.mjs', import.meta.url));

/**
 * A fresh sample in a directory of its own. `plain` turns encryption off; `brokers` and `databaseUrl` take the place of the
 * bundled broker and the embedded database; `nodeFlags` are for profiling.
 */
export class Sample {
  #child;
  #token;

  constructor(child, address, directory) {
    this.#child = child;
    this.directory = directory;
    this.#token = readFileSync(join(directory, 'data', 'admin-token'), 'utf8').trim();
    this.address = address;
  }

  static async start({ plain = false, brokers, databaseUrl, nodeFlags = [] } = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'oubliette-bench-'));
    mkdirSync(join(directory, 'keys'));
    const env = {
      ...process.env,
      PORT: '0',
      SAMPLE_CLASS: 'none',
      DATA_DIR: join(directory, 'data'),
      OUBLIETTE_MASTER_KEYS: join(directory, 'keys', 'keys.json'),
      OUBLIETTE_BROKERS: brokers ?? '',
      DATABASE_URL: databaseUrl ?? '',
    };
    const args = [...nodeFlags, entry, ...(plain ? ['plain'] : [])];
    // Its warnings (new master keys, say) are no part of the figures.
    const stdio = ['ignore', 'pipe', process.env['BENCH_VERBOSE'] ? 'inherit' : 'ignore', 'ipc'];
    const { child, rest } = await startReady(process.execPath, args, { env, stdio });
    return new Sample(child, rest, directory);
  }

  /** Resolves to the JSON answer; rejects for any status but 2xx and those in `expected`. */
  async ask(method, path, body, { contentType = 'application/json', expected = [] } = {}) {
    const headers = { authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers['content-type'] = contentType;
    const response = await fetch(`${this.address}${path}`, { method, headers, body });
    const text = await response.text();
    if (!response.ok && !expected.includes(response.status))
      throw new Error(`${method} ${path}: ${response.status}`);
    return response.ok ? JSON.parse(text) : null;
  }

  /** Seconds of processor time that its process has used, broker and embedded database included. */
  async cpuSeconds() {
    const answer = once(this.#child, 'message');
    this.#child.send('cpu');
    return (await answer)[0].cpuSeconds;
  }

  async close() {
    await stop(this.#child);
    rmSync(this.directory, { recursive: true });
  }
}
