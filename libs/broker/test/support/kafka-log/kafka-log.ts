import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

/** What is known of a log beside its files. */
export interface FoundState {
  readonly closedCleanly: boolean;
  readonly recoveryPoint: bigint;
  readonly logStartOffset: bigint;
  readonly leaderEpoch: number;
}

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
    this.#newDirectory();
    await this.ask(this.#openCommand(nowMs, settings));
  }

  /** A log whose files stand already. */
  async openFound(
    nowMs: number,
    settings: Readonly<Record<string, string | number>>,
    content: ReadonlyMap<string, Uint8Array>,
    known: FoundState,
  ): Promise<void> {
    this.#newDirectory();
    mkdirSync(this.#directory, { recursive: true });
    for (const [name, bytes] of content) writeFileSync(join(this.#directory, name), bytes);
    const { closedCleanly, recoveryPoint, logStartOffset, leaderEpoch } = known;
    const state = [closedCleanly, recoveryPoint, logStartOffset, leaderEpoch].join(' ');
    await this.ask(`${this.#openCommand(nowMs, settings)} ${state}`);
  }

  #newDirectory(): void {
    this.#directory = join(this.#root, `world-${++this.#opened}`, 'events-0');
  }

  #openCommand(nowMs: number, settings: Readonly<Record<string, string | number>>): string {
    const given = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
    return `open ${this.#directory} ${nowMs} ${given.join(',')}`;
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
