// kafkajs as an application uses it: operations of its own, since its tests are not part of its package.
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../runner/command.mjs';
import { followTests } from '../runner/tap.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

export const suite = {
  prepare({ home }) {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(folder, file), join(home, file));
    if (!existsSync(join(home, 'node_modules', 'kafkajs'))) run('npm', ['ci', '--silent'], { cwd: home });
  },

  async run({ bootstrap, home, logFile, report }) {
    const program = join(folder, 'operations', 'main.mjs');
    await followTests(process.execPath, [program, bootstrap, home], { logFile, timeoutMs: 180_000, report });
  },
};
