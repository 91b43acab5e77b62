import { Buffer } from 'node:buffer';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { readIfThere } from './segment.js';

const formatVersion = '0';

/** `<topic>-<partition>`, as a key of checkpoints. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/**
 * An offset for each partition in Kafka's checkpoint format: the version, the count, then `topic partition offset` lines.
 * A checkpoint only saves work or keeps a log start: one that cannot be read counts as empty, with a warning.
 */
export class CheckpointFile {
  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  read(): Map<string, bigint> {
    const content = readIfThere(this.disk, this.path);
    if (content === null) return new Map();
    const offsets = parse(Buffer.from(content).toString('utf8'));
    if (offsets === null) this.logger.warn('a checkpoint file is malformed and ignored', { path: this.path });
    return offsets ?? new Map();
  }

  write(offsets: Iterable<readonly [topic: string, partition: number, offset: bigint]>): void {
    const lines = [...offsets].map((entry) => entry.join(' '));
    const text = [formatVersion, String(lines.length), ...lines, ''].join('\n');
    this.disk.replaceFileSync(this.path, Buffer.from(text));
  }
}

function parse(text: string): Map<string, bigint> | null {
  const [version, count, ...lines] = text.trimEnd().split('\n');
  if (version !== formatVersion || Number(count) !== lines.length) return null;
  const offsets = new Map<string, bigint>();
  for (const line of lines) {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line);
    if (match?.[1] === undefined || match[3] === undefined) return null;
    offsets.set(partitionKey(match[1], Number(match[2])), BigInt(match[3]));
  }
  return offsets;
}
