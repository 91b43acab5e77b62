import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brokerDefinitions } from '../../src/config/broker-definitions.js';
import { topicDefinitions } from '../../src/config/topic-definitions.js';

const readme = new URL('../../../README.md', import.meta.url);

/** The names in the first column of the README's table; a `*` stands for any text. */
function listed(): readonly RegExp[] {
  const [, behind = ''] = readFileSync(readme, 'utf8').split('\n## Settings without effect\n');
  const [table = ''] = behind.split('\n## ');
  const cells = table.split('\n').map((line) => line.split('|')[1] ?? '');
  const names = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  return names.map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
}

const all = [...brokerDefinitions, ...topicDefinitions];

test('every setting without effect is listed with its reason in the README', () => {
  const patterns = listed();
  const without = all.filter(({ hasEffect }) => !hasEffect).map(({ name }) => name);
  assert.ok(without.length > 200);
  const missing = without.filter((name) => !patterns.some((pattern) => pattern.test(name)));
  assert.deepEqual(missing, []);
});

test('the README lists none that has an effect', () => {
  const patterns = listed();
  const wrong = all.filter(
    ({ name, hasEffect }) => hasEffect && patterns.some((pattern) => pattern.test(name)),
  );
  assert.deepEqual(
    wrong.map(({ name }) => name),
    [],
  );
});
