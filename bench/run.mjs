// `npm run bench [-- NAME] [--quick] [--only PART] [--out FILE]`: runs all benchmarks or one, or parts of that (README.md), prints a
// table of each, and writes JSON.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { printTable } from './support/table.mjs';

// Interrupted, it takes the processes with it that it started.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const names = ['import', 'start', 'forget', 'erase', 'encrypt', 'keys', 'broker'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    quick: { type: 'boolean' },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const asked = positionals.length > 0 ? positionals : names;
const unknown = asked.filter((name) => !names.includes(name));
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
};

if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are ${names.join(', ')}.`);
  process.exitCode = 2;
} else if (spawnSync('node_modules/.bin/tsc', ['-b'], { stdio: 'inherit' }).status !== 0) {
  process.exitCode = 1;
} else {
  await runAll();
}

async function runAll() {
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, ${machine.platform}`,
  );
  const results = {};
  for (const name of asked) {
    const { title, run, parts = [] } = await import(`./${name}.mjs`);
    const unknownParts = values.only.filter((part) => !parts.includes(part));
    if (unknownParts.length > 0) {
      console.error(`${name} has no part ${unknownParts.join(', ')}. It has ${parts.join(', ') || 'none'}.`);
      process.exitCode = 2;
      continue;
    }
    console.log(`\n${title}`);
    results[name] = await run({ say: (line) => console.error(`  ${line}`), only: values.only });
    printTable(results[name]);
  }
  if (values.out !== undefined)
    writeFileSync(values.out, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  // A figure that was missed must not pass unseen where the command is run by another one.
  if (Object.values(results).some((rows) => rows.some(({ met }) => met === false))) process.exitCode = 1;
}
