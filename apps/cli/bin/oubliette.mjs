#!/usr/bin/env node
// npm links this file at install time, before anything is built: it only finds the build output and runs it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  process.stderr.write('oubliette: not built yet: run npm run build\n');
  process.exitCode = 2;
}
