import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../runner/command.mjs';

const version = 'go1.26.8';

/** A Go new enough for the module: the machine's, or else the one that the machine's (at least 1.16) fetches as a module. */
export function findGo(home) {
  let installed;
  try {
    installed = run('go', ['env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } }).trim();
  } catch (cause) {
    throw new Error('franz-go needs Go: install it (apt-get install golang-go) and run again.', { cause });
  }
  const [, minor] = /^go1\.(\d+)/.exec(installed) ?? [];
  if (Number(minor) >= 26) return 'go';
  const cache = join(home, 'toolchain');
  const name = `golang.org/toolchain@v0.0.1-${version}.linux-${process.arch === 'x64' ? 'amd64' : 'arm64'}`;
  run('go', ['mod', 'download', name], {
    cwd: '/',
    env: { ...process.env, GOMODCACHE: cache, GOTOOLCHAIN: 'local', GOFLAGS: '' },
  });
  // A module's files come without their executable bit.
  const root = join(cache, name);
  for (const folder of ['bin', 'pkg/tool/linux_amd64', 'pkg/tool/linux_arm64'])
    makeExecutable(join(root, folder));
  return join(root, 'bin', 'go');
}

function makeExecutable(folder) {
  let files;
  try {
    files = readdirSync(folder);
  } catch (error) {
    // The other architecture's tools are not there.
    if (error.code === 'ENOENT') return;
    throw error;
  }
  for (const file of files) chmodSync(join(folder, file), 0o755);
}
