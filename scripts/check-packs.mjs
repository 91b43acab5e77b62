// Packs every lib as npm would publish it, looks at what is inside, installs the tarballs alone in an empty project, and
// imports each door there: what works here by the workspace's links or by a package of the root would fail.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const besides = ['package.json', 'README.md', 'LICENSE', 'SPEC.md', 'SPEC-PEPPERS.md'];
const license = readFileSync('LICENSE', 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'oubliette-packs-'));
const failures = [];
try {
  const packed = pack(readdirSync('libs').map((lib) => join('libs', lib)));
  packed.forEach(inspect);
  install(packed);
} finally {
  rmSync(directory, { recursive: true });
}
for (const failure of failures) console.error(failure);
console.log(`${readdirSync('libs').length} libs packed and installed alone, ${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;

// All by one start of npm.
function pack(libs) {
  const folders = libs.map((lib) => `./${lib}`);
  const options = ['--json', '--silent', '--pack-destination', directory];
  const answers = JSON.parse(execFileSync('npm', ['pack', ...options, ...folders], { encoding: 'utf8' }));
  return libs.map((lib) => {
    const manifest = JSON.parse(readFileSync(join(lib, 'package.json'), 'utf8'));
    const { filename, files } = answers.find(({ name }) => name === manifest.name);
    return { lib, manifest, tarball: join(directory, filename), files: files.map(({ path }) => path) };
  });
}

function inspect({ lib, manifest, files }) {
  const complain = (what) => failures.push(`${lib}: ${what}`);
  for (const file of files)
    if (!file.startsWith('dist/src/') && !besides.includes(file)) complain(`packs ${file}`);
  // A source map without its source leads nowhere, but a declaration without its code is a broken package.
  for (const door of Object.values(manifest.exports).flatMap(Object.values))
    if (!files.includes(door.replace('./', ''))) complain(`does not pack its door ${door}`);
  for (const file of ['README.md', 'LICENSE']) if (!files.includes(file)) complain(`packs no ${file}`);
  if (readFileSync(join(lib, 'LICENSE'), 'utf8') !== license)
    complain('its LICENSE is not the one of the root');
  for (const file of files.filter((path) => /\.(js|d\.ts)$/.test(path))) {
    const stale = resolve(lib, file.replace(/^dist\//, '').replace(/(\.d)?\.(js|ts)$/, '.ts'));
    if (!exists(stale)) complain(`packs ${file}, whose source is gone: build from clean`);
  }
}

function exists(path) {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function install(packed) {
  const project = join(directory, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  cpSync('.npmrc', join(project, '.npmrc'));
  const tarballs = packed.map(({ tarball }) => tarball);
  const installed = spawnSync('npm', ['install', '--prefer-offline', '--no-audit', ...tarballs], {
    cwd: project,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    failures.push(`npm install of the tarballs failed: ${installed.stderr}`);
    return;
  }
  for (const { manifest } of packed) {
    for (const door of Object.keys(manifest.exports)) {
      const name = manifest.name + door.slice(1);
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', `await import('${name}')`],
        { cwd: project, encoding: 'utf8' },
      );
      if (status !== 0) failures.push(`import of ${name} failed where the tarballs stand alone: ${stderr}`);
    }
  }
}
