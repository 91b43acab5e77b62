// The unit tests of one lib or app run in one process, and so do its integration tests: most of what a small one takes is the start
// of Node, the loading of modules and their first, slow run. What Node 22 calls `--test-isolation=none`, a room and kind at a time.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';

const sharedKinds = ['test', 'int'];
const alone = new Set(
  ['engine-contract.int.js', 'replicas.kafka.js', 'engine-contract.kafka.js']
    .map((name) => join('libs', 'testing', 'dist', 'test', name))
    .concat(join('apps', 'sample', 'dist', 'test', 'import-crash.e2e.js')),
);
// These take longest and mostly wait, as those that stand alone do: they begin. Node takes files in the order of their names.
const longestRooms = new Set(['libs-testing.int', 'libs-broker.int', 'apps-sample.int', 'apps-cli.int']);

/**
 * The files to give to the test runner: an entry a room and kind in the place of its tests, the others as they are. `run` tells the
 * entries of runs that go on at the same time from each other.
 */
export function roomByRoom(files, run) {
  const entries = join('.cache', 'test-rooms', run);
  rmSync(entries, { recursive: true, force: true });
  mkdirSync(entries, { recursive: true });
  const rooms = new Map();
  const others = [];
  for (const file of files) {
    const name = entryNameOf(file);
    if (name === null) others.push(file);
    else rooms.set(name, [...(rooms.get(name) ?? []), file]);
  }
  return [...[...rooms].map(([name, tests]) => writeEntry(join(entries, `${name}.mjs`), tests)), ...others];
}

/** Null: it is given to the runner as it is. */
function entryNameOf(file) {
  if (alone.has(file)) return `0-${basename(file)}`;
  const kind = sharedKinds.find((each) => file.endsWith(`.${each}.js`));
  if (kind === undefined) return null;
  const room = `${file.split(sep).slice(0, 2).join('-')}.${kind}`;
  return longestRooms.has(room) ? `1-${room}` : room;
}

function writeEntry(entry, tests) {
  writeFileSync(entry, tests.map((file) => `import ${JSON.stringify(resolve(file))};\n`).join(''));
  return entry;
}
