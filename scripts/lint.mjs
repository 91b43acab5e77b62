// Runs the three guards of the code's shape, each to its end, and fails when one of them did.
import { spawnSync } from 'node:child_process';

const guards = [
  ['eslint', ['--max-warnings', '0', 'libs', 'apps', 'examples', 'bench', 'scripts']],
  ['depcruise', ['--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'examples']],
  ['prettier', ['--check', '--log-level', 'warn', '.']],
];
let failed = 0;
for (const [command, args] of guards) {
  const { status } = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' });
  if (status !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;
