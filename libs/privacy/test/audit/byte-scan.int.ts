import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemDisk } from '@oubliette/runtime';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { auditLeaks, fileSource } from '../../src/index.js';

const scanner = new URL('../../../../../compat/byte-scan/scan.py', import.meta.url).pathname;
const hasPython = spawnSync('python3', ['--version']).status === 0;

const terms = ['zebedee.qwyxley@example.org', 'Zebedee Müller', 'learner-4711/0815?', 'Ünïcödé Straße 7'];
const forms: readonly ((text: string) => Uint8Array)[] = [
  (text) => Buffer.from(text, 'utf8'),
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(text, 'utf16le').swap16(),
  (text) => Buffer.from(Buffer.from(text).toString('hex')),
  (text) => Buffer.from(Buffer.from(text).toString('hex').toUpperCase()),
  ...['', 'x', 'xy'].flatMap((lead) =>
    (['base64', 'base64url'] as const).map(
      (encoding) => (text: string) => Buffer.from(Buffer.from(`${lead}${text}!`).toString(encoding)),
    ),
  ),
];

test(
  'agrees with the scanner in Python, which shares no code with this, on 200 files of which some hold something',
  { skip: hasPython ? false : 'python3 is not installed' },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'oubliette-byte-scan-'));
    try {
      const files = join(directory, 'files');
      mkdirSync(join(files, 'below'), { recursive: true });
      const entropy = new SeededEntropy(18);
      const below = (bound: number): number => {
        const bytes = new Uint8Array(4);
        entropy.fill(bytes);
        return Buffer.from(bytes).readUInt32BE() % bound;
      };
      const planted = new Set<string>();
      for (let index = 0; index < 200; index++) {
        const path = join(files, index % 2 === 0 ? 'below' : '', `file-${index}.bin`);
        const noise = new Uint8Array(below(4) === 0 ? 70_000 : 300);
        entropy.fill(noise);
        const term = below(terms.length);
        if (index % 3 > 0) writeFileSync(path, noise);
        else {
          const piece = forms[below(forms.length)]!(terms[term]!);
          const at = below(noise.length);
          writeFileSync(path, Buffer.concat([noise.subarray(0, at), piece, noise.subarray(at)]));
          planted.add(`${term} ${path}`);
        }
      }
      const needles = join(directory, 'needles');
      writeFileSync(needles, `${terms.map((term) => `text:${term}`).join('\n')}\n`);
      const { stdout } = spawnSync('python3', [scanner, needles, files], { encoding: 'utf8' });
      const theirs = (JSON.parse(stdout) as { hits: { needle: number; file: string }[] }).hits;
      const source = fileSource({ name: 'files', disk: new SystemDisk(), paths: [files] });
      const ours = await auditLeaks([source], { terms }, { clock: new ManualClock() });
      assert.deepEqual(new Set(theirs.map(({ needle, file }) => `${needle} ${file}`)), planted);
      assert.deepEqual(new Set(ours.findings.map(({ term, place }) => `${term! - 1} ${place}`)), planted);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
