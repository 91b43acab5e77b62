// `npm start`: builds what is stale, then becomes the sample application.
import { spawnSync } from 'node:child_process';

const build = spawnSync('node_modules/.bin/tsc', ['-b', 'apps/sample', 'apps/cli'], { stdio: 'inherit' });
if (build.status === 0) await import('../apps/sample/dist/src/main.js');
else process.exitCode = 1;
