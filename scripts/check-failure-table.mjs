// Holds the table of failures in docs/keys.md to the tests that it names, each as `file`: *title*: the file stands, and has a test or a
// check of a contract of just this title. What the last column names must be part of a contract, which runs on both engines.
import { existsSync, readFileSync } from 'node:fs';

const document = 'docs/keys.md';
const reference = /`(?<file>(?:libs|apps)\/[^`]+)`: \*(?<title>[^*]+)\*/g;
const row = /^\| (?<line>[^|]+) \| (?<failure>[^|]+) \| (?<tests>[^|]*) \| (?<contracts>[^|]+) \|$/gm;
const linesWanted = [...Array.from({ length: 15 }, (_, index) => `${index + 1}`), 'bad input'];

const text = readFileSync(document, 'utf8');
const rows = [...text.matchAll(row)].map(({ groups }) => groups).filter(({ line }) => !/^(-+|line)$/.test(line.trim()));
const failures = [];
for (const wanted of linesWanted) {
  if (!rows.some(({ line }) => line.trim() === wanted)) failures.push(`no row for ${wanted}`);
}
let tests = 0;
for (const { line, tests: others, contracts } of rows) {
  const named = [...contracts.matchAll(reference)].map(({ groups }) => groups);
  if (named.length === 0) failures.push(`${line}: no test on both engines`);
  for (const { file } of named) {
    if (!file.includes('/src/testing/')) failures.push(`${line}: ${file} is no contract`);
  }
  for (const { file, title } of [...others.matchAll(reference)].map(({ groups }) => groups).concat(named)) {
    tests++;
    if (!existsSync(file)) failures.push(`${line}: there is no ${file}`);
    else if (!hasTest(readFileSync(file, 'utf8'), title)) failures.push(`${line}: ${file} has no test "${title}"`);
  }
}
for (const failure of failures) console.error(`${document}: ${failure}`);
console.log(`${rows.length} failures, ${tests} tests named, ${failures.length} wrong`);
// None at all would mean that this script no longer finds them.
process.exitCode = failures.length === 0 && tests > 0 ? 0 : 1;

/** A title that is put together as the test runs is named by what it begins with. */
function hasTest(source, title) {
  const literal = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`\b(?:test|check)\(\s*(?:'${literal}'|"${literal}"|\`${literal})`).test(source);
}
