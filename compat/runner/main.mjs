// compat/run NAME|all [--full] [--on kafka|oubliette]: one suite after another, each against a broker of its own.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEngine } from './engine.mjs';
import { judge } from './judge.mjs';
import { findingNames } from './lists.mjs';
import { cache } from './places.mjs';

const names = ['kcat', 'kafkajs', 'librdkafka', 'java', 'franz-go', 'sarama'];
const usage = `compat/run ${names.join('|')}|all [--full] [--on kafka]`;

/** Runs one suite; resolves to what it found. A recipe that cannot be followed is a failure of its own, never a skip. */
async function runSuite(name, { full, on }) {
  const home = join(cache, 'compat', name);
  const logFile = join(home, `${on}.log`);
  mkdirSync(home, { recursive: true });
  rmSync(logFile, { force: true });
  const { suite } = await import(`../${name}/suite.mjs`);
  const results = new Map();
  const report = (test, ok, reason = '') => {
    results.set(test, { ok, reason });
    if (!ok) process.stdout.write(`   ${test}: ${reason}\n`);
  };
  try {
    const prepared = await suite.prepare({ home });
    const engine = await startEngine(on, home);
    try {
      const skipped = on === 'kafka' ? [] : findingNames(name);
      const { bootstrap } = engine;
      await suite.run({ bootstrap, home, full, skipped, logFile, prepared, report });
    } finally {
      await engine.stop();
    }
  } catch (error) {
    report('recipe', false, error instanceof Error ? error.message : String(error));
  }
  return judge(name, results, { full, on });
}

function parse() {
  const { values, positionals } = parseArgs({
    options: { full: { type: 'boolean' }, on: { type: 'string' } },
    allowPositionals: true,
  });
  const [name] = positionals;
  const on = values.on ?? 'oubliette';
  const known = name === 'all' || names.includes(name);
  if (positionals.length !== 1 || !known || !['kafka', 'oubliette'].includes(on)) throw new Error(usage);
  return { asked: name === 'all' ? names : [name], full: values.full ?? false, on };
}

async function main() {
  const { asked, ...options } = parse();
  let passed = 0;
  let failed = 0;
  for (const name of asked) {
    process.stdout.write(`== ${name} on ${options.on}\n`);
    const started = process.uptime();
    const verdict = await runSuite(name, options);
    for (const line of verdict.lines) process.stdout.write(`   ${line}\n`);
    const seconds = Math.round(process.uptime() - started);
    process.stdout.write(
      `   ${name}: ${verdict.passed} of ${verdict.passed + verdict.failed}, ${seconds} s\n`,
    );
    passed += verdict.passed;
    failed += verdict.failed;
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

await main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
