// The two lists that a run is held against: what must pass, and what Kafka passes but the bundled broker does not, and why.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compat } from './places.mjs';

/** A suite's allow.txt: one test a line, `[full]` behind those that only a full run holds. Maps test to whether it is for full only. */
export function allowList(suite) {
  const list = new Map();
  for (const line of linesOf(join(compat, suite, 'allow.txt'))) {
    if (line === '' || line.startsWith('#')) continue;
    const name = line.replace(/ \[full\]$/, '');
    if (list.has(name)) throw new Error(`${suite}/allow.txt names '${name}' twice.`);
    list.set(name, name !== line);
  }
  return list;
}

/** The names of a suite's tests that FINDINGS.md has; a name may end in `*`. */
export function findingNames(suite) {
  const names = [];
  for (const line of linesOf(join(compat, 'FINDINGS.md'))) {
    const row = /^\| (\S+) +\| `(.+?)` +\| (.+?) +\|$/.exec(line);
    if (row !== null && row[1] === suite) names.push(row[2]);
  }
  return names;
}

/** Whether FINDINGS.md names a test of the suite, as a predicate. */
export function findings(suite) {
  const names = findingNames(suite);
  return (test) =>
    names.some((name) => (name.endsWith('*') ? test.startsWith(name.slice(0, -1)) : test === name));
}

function linesOf(file) {
  return readFileSync(file, 'utf8').split('\n');
}
