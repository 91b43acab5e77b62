// The unit tests of one lib or app run in one process, and so do its integration tests: most of what a small one takes is the start
// of Node, the loading of modules and their first, slow run. What Node 22 calls `--test-isolation=none`, a room and kind at a time.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

const entries = join('.cache', 'test-rooms');
const sharedKinds = ['test', 'int'];
// These take longest and mostly wait. Node takes files in the order of their names, so that entries of these names begin.
const longest = new Map(
  ['engine-contract.int.js', 'replicas.kafka.js', 'engine-contract.kafka.js'].map((name) => [
    join('libs', 'testing', 'dist', 'test', name),
    `0-${name}`,
  ]),
);

/** The files to give to the test runner: an entry a room and kind in the place of its tests, the others as they are. */
export function roomByRoom(files) {
  rmSync(entries, { recursive: true, force: true });
  mkdirSync(entries, { recursive: true });
  const rooms = new Map();
  const others = [];
  for (const file of files) {
    const kind = sharedKinds.find((each) => file.endsWith(`.${each}.js`));
    const first = longest.get(file);
    if (kind === undefined && first === undefined) {
      others.push(file);
      continue;
    }
    const room = file.split(sep).slice(0, 2).join('-');
    const name = first ?? `${room}.${kind}`;
    rooms.set(name, [...(rooms.get(name) ?? []), file]);
  }
  return [...[...rooms].map(([name, tests]) => entryOf(name, tests)), ...others];
}

function entryOf(name, tests) {
  const entry = join(entries, `${name}.mjs`);
  writeFileSync(entry, tests.map((file) => `import ${JSON.stringify(resolve(file))};\n`).join(''));
  return entry;
}
