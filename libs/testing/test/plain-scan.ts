import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** Looks for bytes in every file below a directory; gives the files that hold them, by their paths from there, sorted. */
export type PlainScan = (directory: string, needle: Buffer) => string[];

const scanner = new URL('../../../../compat/byte-scan/scan.py', import.meta.url).pathname;

/** The Python scanner, which shares no code with the product. Needs Python and GNU grep. */
export const byteScan: PlainScan = (directory, needle) => {
  const own = mkdtempSync(join(tmpdir(), 'oubliette-needles-'));
  try {
    const needles = join(own, 'needles');
    writeFileSync(needles, `hex:${needle.toString('hex')}\n`);
    const { stdout, status } = spawnSync('python3', [scanner, needles, directory], { encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(`the scanner ended with ${status}`);
    const { hits } = JSON.parse(stdout) as { hits: { file: string }[] };
    return hits.map(({ file }) => relative(directory, file)).sort();
  } finally {
    rmSync(own, { recursive: true });
  }
};

/** The same with nothing but Node. */
export const nodeScan: PlainScan = (directory, needle) => {
  const found: string[] = [];
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    try {
      if (statSync(path).isFile() && readFileSync(path).includes(needle)) found.push(name);
    } catch (error) {
      // Unlinked between the listing and the look.
      if (existsSync(path)) throw error;
    }
  }
  return found.sort();
};
