// kcat (librdkafka 2.0.2, of Debian's package) as a shell script uses it.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { run } from '../runner/command.mjs';
import { operations } from './operations.mjs';

function findKcat() {
  const probe = spawnSync('kcat', ['-V'], { encoding: 'utf8' });
  if (probe.status === 0) return probe.stdout;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'kcat'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return run('kcat', ['-V']);
}

export const suite = {
  prepare: findKcat,

  async run({ bootstrap, logFile, report }) {
    let topics = 0;
    const tools = {
      topic: () => `kcat-${process.pid}-${++topics}`,
      /** Runs kcat; gives its standard output, throws its standard error. */
      kcat(args, input = '') {
        const all = ['-b', bootstrap, '-X', 'topic.metadata.refresh.interval.ms=500', ...args];
        const { status, stdout, stderr } = spawnSync('kcat', all, {
          encoding: 'utf8',
          input,
          timeout: 30_000,
        });
        appendFileSync(logFile, `$ kcat ${all.join(' ')}\n${stdout}${stderr}`);
        if (status !== 0) throw new Error(`kcat ended with ${status}: ${stderr.trim().split('\n').at(-1)}`);
        return stdout;
      },
    };
    for (const [name, operation] of Object.entries(operations)) {
      try {
        operation(tools);
        report(name, true);
      } catch (error) {
        report(name, false, String(error.message).split('\n')[0]);
      }
    }
  },
};
