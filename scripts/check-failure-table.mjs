// Holds the table of failures in docs/keys.md to the code: a row for each line wanted; of each test named, as `file`: *title*, the file
// and a test in it of just this title; of each suite, the two files that run it, and that what is named beside it is among what they import.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { hasTest, testsNamedIn } from './named-tests.mjs';

const document = 'docs/keys.md';
const engines = ['int', 'kafka'];
const badInput = ['envelope', 'swap', 'key record', 'fence', 'replay', 'master key', 'clock', 'sleep'];
const wanted = [
  ...Array.from({ length: 15 }, (_, index) => `${index + 1}`),
  ...badInput.map((what) => `bad input: ${what}`),
];
const failures = [];
let tests = 0;

const rows = rowsOf(readFileSync(document, 'utf8'));
for (const line of wanted) {
  if (!rows.some((row) => row.line === line)) failures.push(`no row for ${line}`);
}
for (const row of rows) checkRow(row);
for (const failure of failures) console.error(`${document}: ${failure}`);
console.log(`${rows.length} failures, ${tests} tests named, ${failures.length} wrong`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Of the table whose header begins with `line`. */
function rowsOf(text) {
  const [, table = ''] = text.split(/^\| line \|.*\n\|[-|]+\|\n/m);
  const rows = [];
  for (const row of table.split('\n')) {
    if (!row.startsWith('|')) break;
    const [line, , both, suites, more] = row.slice(1, -1).split(' | ');
    rows.push({
      line: line.trim(),
      both: testsNamedIn(both),
      suites: filesIn(suites),
      more: testsNamedIn(more),
    });
  }
  return rows;
}

function filesIn(cell = '') {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, file]) => file);
}

function checkRow({ line, both, suites, more }) {
  if (both.length === 0 || suites.length === 0) failures.push(`${line}: no test on both engines`);
  for (const { file, title } of [...both, ...more]) {
    tests++;
    if (!existsSync(file)) failures.push(`${line}: there is no ${file}`);
    else if (!hasTest(readFileSync(file, 'utf8'), title))
      failures.push(`${line}: ${file} has no test "${title}"`);
  }
  for (const engine of engines) {
    const runners = suites.map((suite) => `${suite}.${engine}.ts`);
    const missing = runners.filter((runner) => !existsSync(runner));
    for (const runner of missing) failures.push(`${line}: there is no ${runner}`);
    if (missing.length > 0) continue;
    const run = new Set(runners.flatMap((runner) => [...importedBy(runner)]));
    for (const { file } of both) {
      if (!run.has(file)) failures.push(`${line}: ${file} is run by none of ${runners.join(', ')}`);
    }
  }
}

/** The file itself and the sources of ours that it leads to; of an index, those of the names that are asked of it. */
function importedBy(file, found = new Set()) {
  if (found.has(file) || !existsSync(file)) return found;
  found.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?:type )?(?<names>[^']*?) from '(?<from>[^']+)';/gm,
  );
  for (const { groups } of imports) {
    const lib = /^@oubliette\/([^/]+)\/testing$/.exec(groups.from)?.[1];
    if (groups.from.startsWith('.')) importedBy(besides(file, groups.from), found);
    else if (lib !== undefined) {
      for (const source of sourcesOf(`libs/${lib}/src/testing/index.ts`, namesIn(groups.names)))
        importedBy(source, found);
    }
  }
  return found;
}

/** The files that an index takes these names from. */
function sourcesOf(index, names) {
  const exports = readFileSync(index, 'utf8').matchAll(
    /^export (?:type )?(?<names>[^']*?) from '(?<from>[^']+)';/gm,
  );
  return [...exports]
    .filter(({ groups }) => namesIn(groups.names).some((name) => names.includes(name)))
    .map(({ groups }) => besides(index, groups.from));
}

function namesIn(list) {
  return list.match(/\b(?!type\b)\w+/g) ?? [];
}

function besides(file, from) {
  return normalize(join(dirname(file), from)).replace(/\.js$/, '.ts');
}
