// The unit tests of one lib or app run in one process: most of what a small one takes is the start of Node and the loading of
// modules. What Node 22 calls `--test-isolation=none`, a room at a time.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

const entries = join('.cache', 'test-rooms');

/** The files to give to the test runner: an entry a room in the place of its unit tests, the others as they are. */
export function roomByRoom(files) {
  rmSync(entries, { recursive: true, force: true });
  mkdirSync(entries, { recursive: true });
  const rooms = new Map();
  const others = [];
  for (const file of files) {
    if (file.endsWith('.test.js')) {
      const room = file.split(sep).slice(0, 2).join('-');
      rooms.set(room, [...(rooms.get(room) ?? []), file]);
    } else others.push(file);
  }
  return [...[...rooms].map(([room, unitTests]) => entryOf(room, unitTests)), ...others];
}

function entryOf(room, unitTests) {
  const entry = join(entries, `${room}.mjs`);
  writeFileSync(entry, unitTests.map((file) => `import ${JSON.stringify(resolve(file))};\n`).join(''));
  return entry;
}
