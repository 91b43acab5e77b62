// librdkafka 2.16 through its Python binding, which is what other languages' bindings do with it too.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../runner/command.mjs';
import { followTests } from '../runner/tap.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

export const suite = {
  prepare({ home }) {
    const venv = join(home, 'venv-2.16.1');
    const python = join(venv, 'bin', 'python');
    if (!existsSync(join(venv, 'bin', 'pip'))) run('python3', ['-m', 'venv', venv]);
    run(python, [
      '-m',
      'pip',
      'install',
      '-q',
      '--disable-pip-version-check',
      '-r',
      join(folder, 'requirements.txt'),
    ]);
    return { python };
  },

  async run({ bootstrap, logFile, prepared, report }) {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
    const args = [join(folder, 'operations', 'main.py'), bootstrap];
    await followTests(prepared.python, args, { logFile, timeoutMs: 240_000, env, report });
  },
};
