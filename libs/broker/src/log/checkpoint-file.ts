import { Buffer } from 'node:buffer';
import type { Disk } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import type { Logger } from '../logger.js';
import { readIfThere, replaceWhole } from './whole-file.js';

const formatVersion = '0';

export type OffsetLine = readonly [topic: string, partition: number, offset: bigint];

/** `<topic>-<partition>`, as a key of checkpoints. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/**
 * An offset for each partition in Kafka's checkpoint format: the version, the count, then `topic partition offset` lines.
 */
export class CheckpointFile {
  #warned = false;
  /** Counts the writings; the last one's word is what stays. */
  #writings = 0;
  #aside: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  /** For offsets that only save work: a file that cannot be read counts as empty, with a warning, as with Kafka. */
  read(): Map<string, bigint> {
    return this.tryRead() ?? new Map();
  }

  /** Like `read`, but null, with the warning, for a file that cannot be read. */
  tryRead(): Map<string, bigint> | null {
    const found = this.#parse();
    if (!('line' in found)) return found;
    if (!this.#warned)
      this.logger.warn('a checkpoint file is malformed and ignored', { path: this.path, line: found.line });
    this.#warned = true;
    return null;
  }

  /** For offsets that nothing else knows. Throws BrokerError DATA_DIR_CORRUPT for a file that cannot be read. */
  readStrictly(): Map<string, bigint> {
    const found = this.#parse();
    if (!('line' in found)) return found;
    throw new BrokerError(
      'DATA_DIR_CORRUPT',
      `${this.path} is malformed at line ${found.line}: restore it from a copy, or remove it and let every log ` +
        'begin with its first segment, deleted records included.',
    );
  }

  #parse(): Map<string, bigint> | { readonly line: number } {
    const content = readIfThere(this.disk, this.path);
    return content === null ? new Map<string, bigint>() : parse(Buffer.from(content).toString('utf8'));
  }

  /** Throws DiskError. */
  write(offsets: Iterable<OffsetLine>): void {
    this.#writings++;
    this.disk.replaceFileSync(this.path, encode(offsets));
  }

  /**
   * The same without holding others up. Resolves to whether these offsets stand on disk: not when they were overtaken by a later
   * writing. Rejects with DiskError.
   */
  writeAside(offsets: Iterable<OffsetLine>): Promise<boolean> {
    const writing = ++this.#writings;
    const content = encode(offsets);
    const done = this.#aside.then(() => this.#replace(content, writing));
    this.#aside = done.catch(() => undefined);
    return done;
  }

  async #replace(content: Uint8Array, writing: number): Promise<boolean> {
    if (writing !== this.#writings) return false;
    return replaceWhole(this.disk, this.path, content, () => writing === this.#writings);
  }
}

function encode(offsets: Iterable<OffsetLine>): Uint8Array {
  const lines = [...offsets].map((entry) => entry.join(' '));
  return Buffer.from([formatVersion, String(lines.length), ...lines, ''].join('\n'));
}

function parse(text: string): Map<string, bigint> | { readonly line: number } {
  const [version, count, ...lines] = text.trimEnd().split('\n');
  if (version !== formatVersion) return { line: 1 };
  if (Number(count) !== lines.length) return { line: 2 };
  const offsets = new Map<string, bigint>();
  for (const [index, line] of lines.entries()) {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line);
    if (match?.[1] === undefined || match[3] === undefined) return { line: index + 3 };
    offsets.set(partitionKey(match[1], Number(match[2])), BigInt(match[3]));
  }
  return offsets;
}
