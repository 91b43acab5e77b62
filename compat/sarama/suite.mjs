// IBM/sarama's client, consumer groups and admin, each as a client of several Kafka versions.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findGo } from '../franz-go/toolchain.mjs';
import { run } from '../runner/command.mjs';
import { followTests } from '../runner/tap.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const quick = ['1.0.0', '4.1.0'];
const all = ['1.0.0', '1.1.0', '2.0.0', '2.1.0', '2.3.0', '2.4.0', '2.8.0', '3.6.0', '4.1.0'];

export const suite = {
  prepare({ home }) {
    const go = findGo(home);
    const source = join(home, 'source');
    mkdirSync(source, { recursive: true });
    for (const file of readdirSync(folder)) {
      if (/^go\.|\.go$/.test(file)) cpSync(join(folder, file), join(source, file));
    }
    const binary = join(home, 'sarama');
    const env = { ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' };
    run(go, ['build', '-o', binary, '.'], { cwd: source, env });
    return { binary };
  },

  async run({ bootstrap, full, logFile, prepared, report }) {
    const args = [bootstrap, ...(full ? all : quick)];
    await followTests(prepared.binary, args, { logFile, timeoutMs: full ? 300_000 : 240_000, report });
  },
};
