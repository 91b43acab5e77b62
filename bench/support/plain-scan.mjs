import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scanner = fileURLToPath(new URL('../../compat/byte-scan/scan.py', import.meta.url));

/**
 * Runs the Python scanner, which shares no code with the product, over every file below directories: `{ files, bytes, found }`, `found`
 * how many of the needles stand in any. Needles are `text:…` or `hex:…`.
 */
export function plainScan(needles, directories) {
  return withOwnDirectory((own) => {
    const file = join(own, 'needles');
    writeFileSync(file, `${needles.join('\n')}\n`);
    const options = { encoding: 'utf8', maxBuffer: 2 ** 28 };
    const { stdout, stderr, status } = spawnSync('python3', [scanner, file, ...directories], options);
    if (status !== 0 && status !== 1) throw new Error(`the scanner ended with ${status}: ${stderr}`);
    const { files, bytes, hits } = JSON.parse(stdout);
    return { files, bytes, found: new Set(hits.map(({ needle }) => needle)).size };
  });
}

/** How many of the needles it finds where all of them were put: without that, finding none elsewhere says nothing. */
export function findsPlanted(needles) {
  return withOwnDirectory((own) => {
    const bytes = needles.map((needle) =>
      needle.startsWith('hex:') ? Buffer.from(needle.slice(4), 'hex') : Buffer.from(needle.slice(5)),
    );
    writeFileSync(
      join(own, 'planted'),
      Buffer.concat(bytes.flatMap((each) => [each, Buffer.from([0, 255])])),
    );
    return plainScan(needles, [own]).found;
  });
}

function withOwnDirectory(use) {
  const own = mkdtempSync(join(tmpdir(), 'oubliette-bench-needles-'));
  try {
    return use(own);
  } finally {
    rmSync(own, { recursive: true });
  }
}
