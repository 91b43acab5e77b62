// `npm start`: builds what is stale, then becomes the sample application.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (!existsSync('apps/sample/dist/src/main.js'))
  process.stdout.write('Building: this first time takes up to a minute.\n');

const build = spawnSync('node_modules/.bin/tsc', ['-b', 'apps/sample', 'apps/cli'], { stdio: 'inherit' });
if (build.status === 0) await import('../apps/sample/dist/src/main.js');
else process.exitCode = 1;
