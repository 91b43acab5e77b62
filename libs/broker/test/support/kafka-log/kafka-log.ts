import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The directory of Kafka 4.1.1's jars, undefined where Kafka is not to be had. */
export const kafkaLibs = process.env.OUBLIETTE_KAFKA_LIBS;

const source = join(
  fileURLToPath(new URL('.', import.meta.url)),
  '../../../../test/support/kafka-log/KafkaLog.java',
);

/** One log in Kafka's own storage classes, driven by hand (see KafkaLog.java for the commands). */
export class KafkaLog {
  readonly #java: ChildProcessWithoutNullStreams;
  readonly #answers: Interface;
  readonly #waiting: ((answer: string) => void)[] = [];
  readonly #root = mkdtempSync(join(tmpdir(), 'oubliette-kafka-log-'));
  #opened = 0;
  #complaint = '';
  #directory = '';

  constructor(libs: string) {
    const options = ['-Xmx256m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', `${libs}/*`];
    this.#java = spawn('java', [...options, source], { stdio: 'pipe' });
    this.#java.stderr.on('data', (text: Buffer) => {
      this.#complaint = (this.#complaint + text.toString()).slice(-500);
    });
    this.#answers = createInterface({ input: this.#java.stdout });
    this.#answers.on('line', (line) => this.#waiting.shift()?.(line));
    this.#java.on('close', () => {
      for (const answer of this.#waiting.splice(0)) answer(`error java ended: ${this.#complaint}`);
    });
  }

  /** A new, empty log; the one before is left as it is. */
  async open(nowMs: number, settings: Readonly<Record<string, string | number>>): Promise<void> {
    this.#directory = join(this.#root, `world-${++this.#opened}`, 'events-0');
    const given = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
    await this.ask(`open ${this.#directory} ${nowMs} ${given.join(',')}`);
  }

  /** Throws what Kafka refuses. */
  async ask(command: string): Promise<string[]> {
    const answer = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve);
      this.#java.stdin.write(`${command}\n`);
    });
    const [outcome, ...rest] = answer.split(' ');
    if (outcome !== 'ok') throw new Error(`${command.slice(0, 80)}: ${answer}`);
    return rest;
  }

  /** The files of the log's directory. */
  files(): Map<string, Uint8Array> {
    const names = readdirSync(this.#directory);
    return new Map(names.map((name) => [name, readFileSync(join(this.#directory, name))]));
  }

  /** A file beside the log's directory, such as a checkpoint; empty when there is none. */
  checkpoint(name: string): string {
    const path = join(this.#directory, '..', name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#java.once('close', resolve));
    this.#java.stdin.end();
    await ended;
    rmSync(this.#root, { recursive: true });
  }
}
