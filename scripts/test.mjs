// `npm test`: builds what is stale, then every test that needs only Node and this repository.
// `npm test -- kafka postgres` runs the tests of these kinds instead.
import { spawnSync } from 'node:child_process';
import { testFiles } from './test-files.mjs';
import { roomByRoom } from './test-rooms.mjs';

// A process that hangs must not hold the run for ever; one that takes 25 s alone takes 180 s where twenty share two cores.
// Those that run long where OUBLIETTE_FULL asks for it have as much as those that are asked for by kind.
const longestFileMs = { quick: 400_000, asked: 1_200_000 };
const asked = process.argv.slice(2);
const build = spawnSync('node_modules/.bin/tsc', ['-b'], { stdio: 'inherit' });
if (build.status !== 0) {
  process.exitCode = 1;
} else {
  const isLong = asked.length > 0 || process.env['OUBLIETTE_FULL'] === '1';
  const timeoutMs = isLong ? longestFileMs.asked : longestFileMs.quick;
  const kinds = asked.length > 0 ? asked : ['test', 'int', 'e2e'];
  const files = roomByRoom(testFiles(kinds), kinds.join('-'));
  const { status } = spawnSync(
    process.execPath,
    ['--test', '--test-reporter=spec', '--test-concurrency=3', `--test-timeout=${timeoutMs}`, ...files],
    {
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}
