import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  return withOwnDirectory(async (own) => {
    const file = join(own, 'needles');
    writeFileSync(file, `${needles.join('\n')}\n`);
    const child = spawn('python3', [scanner, file, ...directories], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data) => (out += data));
    const [code] = await once(child, 'close');
    if (code !== 0 && code !== 1) throw new Error(`the scanner ended with ${code}`);
    const { files, bytes, hits } = JSON.parse(out);
    return { files, bytes, found: new Set(hits.map(({ needle }) => needle)).size };
  });
}

/** How many of the needles it finds where all of them were put: without that, finding none elsewhere says nothing. */
export function findsPlanted(needles) {
  return withOwnDirectory(async (own) => {
    const bytes = needles.map((needle) =>
      needle.startsWith('hex:') ? Buffer.from(needle.slice(4), 'hex') : Buffer.from(needle.slice(5)),
    );
    writeFileSync(
      join(own, 'planted'),
      Buffer.concat(bytes.flatMap((each) => [each, Buffer.from([0, 255])])),
    );
    const { found } = await plainScan(needles, [own]);
    return found;
  });
}

async function withOwnDirectory(use) {
  const own = mkdtempSync(join(tmpdir(), 'oubliette-bench-needles-'));
  try {
    return await use(own);
  } finally {
    rmSync(own, { recursive: true });
  }
}
