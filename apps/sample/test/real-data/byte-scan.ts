import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scanner = new URL('../../../../../compat/byte-scan/scan.py', import.meta.url).pathname;

export interface ScanReport {
  readonly needles: number;
  readonly files: number;
  readonly bytes: number;
  readonly hits: readonly { readonly needle: number; readonly file: string }[];
}

/** Runs the Python scanner, which shares no code with the product, over directories. */
export function scan(needles: readonly string[], directories: readonly string[]): ScanReport {
  const file = join(mkdtempSync(join(tmpdir(), 'oubliette-needles-')), 'needles');
  writeFileSync(file, `${needles.join('\n')}\n`);
  const { stdout, status } = spawnSync('python3', [scanner, file, ...directories], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0 && status !== 1) throw new Error(`the scanner ended with ${status}`);
  return JSON.parse(stdout) as ScanReport;
}
