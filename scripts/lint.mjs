// Runs the three guards of the code's shape side by side, each to its end, and fails when one of them did. What each says stands together.
import { execFile } from 'node:child_process';

const guards = [
  ['eslint', ['--max-warnings', '0', 'libs', 'apps', 'examples', 'bench', 'scripts']],
  ['depcruise', ['--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'examples']],
  ['prettier', ['--check', '--log-level', 'warn', '.']],
];

const outcomes = await Promise.all(guards.map(run));
process.exitCode = outcomes.every((succeeded) => succeeded) ? 0 : 1;

function run([command, args]) {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024 };
    execFile(`node_modules/.bin/${command}`, args, options, (error, stdout, stderr) => {
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      resolve(error === null);
    });
  });
}
