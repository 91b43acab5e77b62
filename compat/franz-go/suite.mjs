// franz-go's own tests of its client, as its authors wrote them, compiled from the module that go.mod pins.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { follow, run } from '../runner/command.mjs';
import { findGo } from './toolchain.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const packageName = 'github.com/twmb/franz-go/pkg/kgo';

export const suite = {
  prepare({ home }) {
    const go = findGo(home);
    for (const file of ['go.mod', 'go.sum', 'requires.go']) cpSync(join(folder, file), join(home, file));
    const options = { cwd: home, env: { ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' } };
    const binary = join(home, 'kgo-1.22.2.test');
    if (!existsSync(binary)) run(go, ['test', '-c', '-o', binary, packageName], options);
    return { binary, source: run(go, ['list', '-f', '{{.Dir}}', packageName], options).trim() };
  },

  /** The tests that talk to a broker, with their subtests, by their names in Go. The quick run sends a tenth of the records. */
  async run({ bootstrap, full, skipped, logFile, prepared, report }) {
    const env = {
      ...process.env,
      KGO_SEEDS: bootstrap,
      KGO_TEST_RF: '1',
      KGO_TEST_RECORDS: full ? '100000' : '10000',
      KGO_TEST_STABLE_FETCH: 'true',
      KGO_LOG_LEVEL: 'none',
    };
    const timeoutMs = full ? 600_000 : 240_000;
    const tests = readFileSync(join(folder, 'broker-tests.txt'), 'utf8').trim().split('\n');
    const args = [
      '-test.v',
      `-test.timeout=${timeoutMs / 1000 - 10}s`,
      `-test.run=^(${tests.join('|')})$`,
      // One that the broker cannot pass retries until the run's own time is over.
      ...(skipped.length === 0 ? [] : [`-test.skip=${skipped.map(asExpression).join('|')}`]),
    ];
    let ended = 0;
    const code = await follow(prepared.binary, args, {
      cwd: prepared.source,
      env,
      logFile,
      timeoutMs,
      onLine: (line) => {
        const found = /^ *--- (PASS|FAIL|SKIP): (\S+) \(/.exec(line);
        if (found === null || found[1] === 'SKIP') return;
        ended += 1;
        report(found[2], found[1] === 'PASS', `see ${logFile}`);
      },
    });
    if (ended === 0)
      report('program', false, `ended with ${code ?? 'a time-out'} and ran nothing; see ${logFile}`);
  },
};

// Go matches the parts of a name between slashes one by one.
function asExpression(name) {
  const parts = name.split('/').map((part) => (part.endsWith('*') ? `^${part.slice(0, -1)}` : `^${part}$`));
  return parts.join('/');
}
