import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@oubliette/runtime/testing';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { startReady, stop } from './ready-process.mjs';

const entry = fileURLToPath(new URL('measured-broker.mjs', import.meta.url));
const clockTicksPerSecond = 100;

/**
 * One of the two brokers as a process of its own, in a directory of its own that is kept over restarts: `engine` is 'ours' or
 * 'kafka'; `config` takes Kafka's settings.
 */
export class BrokerProcess {
  #directory = temporaryDirectory('oubliette-bench-');
  #server = null;
  #child = null;

  /** `watch`: ours times what may block its event loop. */
  constructor(engine, config = {}, watch = false) {
    this.engine = engine;
    this.watch = watch;
    this.config = { 'auto.create.topics.enable': 'false', ...config };
  }

  /** Resolves to the ms from the process's start until it serves. */
  async start() {
    const began = performance.now();
    if (this.engine === 'kafka') {
      const { path: workDir } = this.#directory;
      this.port ??= await freePort();
      this.#server = await startKafka({ workDir, config: this.config, port: this.port });
      this.bootstrap = this.#server.bootstrap;
      this.pid = this.#server.pid;
      return performance.now() - began;
    }
    const order = JSON.stringify({
      dataDir: join(this.#directory.path, 'data'),
      port: 0,
      config: this.config,
      watch: this.watch,
    });
    const flags = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
    const { child, rest, ms } = await startReady(process.execPath, [...flags, entry, order], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.bootstrap = rest;
    this.port = Number(rest.split(':')[1]);
    this.pid = child.pid;
    return ms;
  }

  /** Seconds of processor time of the process so far. */
  get cpuSeconds() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
  }

  get residentMiB() {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  }

  /** What BlockWatch.take tells, of the time since it was asked last; of ours only, where it is watched. */
  async worstBlocks() {
    const answer = new Promise((resolve) => this.#child.once('message', resolve));
    this.#child.send('worst-blocks');
    return answer;
  }

  async stop() {
    if (this.#child !== null) await stop(this.#child);
    await this.#server?.stop();
    this.#child = this.#server = null;
  }

  /** Leaves a quiet disk to the next turn: what this one wrote, the system would write back during that one. */
  async remove() {
    await this.stop();
    this.#directory.remove();
    execFileSync('sync');
  }
}
