// Holds docs/erasure.md to the code: each row of a table of claims names tests, and each of them is there.
import { existsSync, readFileSync } from 'node:fs';
import { hasTest, testsNamedIn } from './named-tests.mjs';

const document = 'docs/erasure.md';
const failures = [];
let claims = 0;
let tests = 0;

for (const table of readFileSync(document, 'utf8')
  .split(/^\| claim \| shown by \|\n\|[-|]+\|\n/m)
  .slice(1)) {
  for (const row of table.split('\n')) {
    if (!row.startsWith('|')) break;
    checkClaim(row);
  }
}
for (const failure of failures) console.error(`${document}: ${failure}`);
console.log(`${claims} claims, ${tests} tests named, ${failures.length} wrong`);
process.exitCode = failures.length === 0 && claims > 0 ? 0 : 1;

function checkClaim(row) {
  const [claim, shownBy = ''] = row.slice(1, -1).split(' | ');
  const named = testsNamedIn(shownBy);
  claims++;
  if (named.length === 0) failures.push(`no test for: ${claim.trim()}`);
  for (const { file, title } of named) {
    tests++;
    if (!existsSync(file)) failures.push(`there is no ${file}`);
    else if (!hasTest(readFileSync(file, 'utf8'), title)) failures.push(`${file} has no test "${title}"`);
  }
}
