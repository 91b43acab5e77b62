// Holds verify.py, which was written from docs/certificate.md alone, against `oubliette certificate verify`: both must come to the same
// answer on each of some thousand files, and to the one that is wanted. check.mjs PYTHON, an interpreter that has PyNaCl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { runCli } from '../../apps/cli/dist/src/program.js';
import { changedBytes, spellings } from './byte-cases.mjs';
import { issuedChain, pem } from './made.mjs';
import { bodies, chains, keyFiles, signatures } from './signed-cases.mjs';

const script = fileURLToPath(new URL('verify.py', import.meta.url));
const [python = 'python3'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'certificates-'));
try {
  const cases = [];
  for await (const one of allCases()) cases.push(written(one, cases.length));
  const theirs = answersOfScript(cases);
  const wrong = [];
  for (const [index, one] of cases.entries()) {
    const ours = await answerOfProduct(one);
    const isWanted = one.wanted === 'refused' ? ours !== 'genuine' : ours === one.wanted;
    if (!isWanted || ours !== theirs[index])
      wrong.push(
        `${one.name}: ${one.wanted} is wanted, the product says ${ours}, verify.py ${theirs[index]}`,
      );
  }
  for (const line of wrong) console.error(line);
  console.log(`${cases.length - wrong.length} agreed`);
  if (wrong.length > 0) console.log(`${wrong.length} did not`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}

async function* allCases() {
  const chain = await issuedChain();
  const whole = chain.at(-1);
  for (const [index, file] of chain.entries()) yield { name: `issued ${index}`, wanted: 'genuine', file };
  yield* changedBytes(whole);
  yield* spellings(whole);
  yield* bodies(chain[0]);
  yield* signatures(whole);
  yield* keyFiles(whole);
  yield* chains(chain);
}

/** The case with the paths of its files. */
function written({ name, wanted, file, keys = pem, chain }, index) {
  const put = (what, content) => {
    const path = join(directory, `${index}.${what}`);
    writeFileSync(path, content);
    return path;
  };
  const paths = [put('pub', keys), put('json', file)];
  if (chain !== undefined) paths.push(put('chain', chain));
  return { name, wanted, paths };
}

/** In one process: to start an interpreter for each would take minutes. */
function answersOfScript(cases) {
  const input = cases.map(({ paths }) => `${paths.join('\t')}\n`).join('');
  return execFileSync(python, [script, '-'], { input, encoding: 'utf8' }).trim().split('\n');
}

async function answerOfProduct({ paths: [keys, file, chain] }) {
  let out = '';
  const context = {
    out: (text) => void (out += text),
    err: () => undefined,
    errIsTerminal: false,
    stdin: async function* () {},
    env: {},
    clock: new SystemClock(),
    disk: new SystemDisk(),
    entropy: new SystemEntropy(),
    signal: new AbortController().signal,
  };
  const chained = chain === undefined ? [] : ['--chain', chain];
  const args = ['certificate', 'verify', file, '--trusted-key', keys, ...chained, '--json'];
  return (await runCli(args, context)) === 0 ? 'genuine' : JSON.parse(out).error.code;
}
