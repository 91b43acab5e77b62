// Kafka's own Java clients and command-line tools, of the 4.1.1 jars: the tools unmodified, called by their main methods in one JVM.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../runner/command.mjs';
import { kafkaLibs } from '../runner/kafka-libs.mjs';
import { followTests } from '../runner/tap.mjs';

const folder = fileURLToPath(new URL('src/', import.meta.url));
const jvm = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];

export const suite = {
  prepare({ home }) {
    const libs = kafkaLibs();
    const classes = join(home, 'classes');
    mkdirSync(classes, { recursive: true });
    const sources = readdirSync(folder).map((file) => join(folder, file));
    run('javac', ['-nowarn', '-cp', `${libs}/*`, '-d', classes, ...sources]);
    return { classPath: `${classes}:${libs}/*` };
  },

  async run({ bootstrap, home, full, logFile, prepared, report }) {
    for (const program of ['Clients', 'Tools']) {
      const args = [...jvm, '-cp', prepared.classPath, program, bootstrap, home, full ? 'full' : 'quick'];
      await followTests('java', args, { logFile, timeoutMs: 240_000, report });
    }
  },
};
