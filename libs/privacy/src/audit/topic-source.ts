import type { RawRecord, TopicScanner } from '@oubliette/kafka';
import { codeOf } from '../errors.js';
import type { AuditContent, AuditGap, AuditSource } from './audit-source.js';

/**
 * Every topic of a cluster, internal and dead-letter ones too: names, keys, values, names and values of headers, also of aborted and open
 * transactions. What lies above the high watermark, and what cleaning or retention has taken out of reach but not yet off the disk, no
 * client can read: for that, look through the data directories.
 */
export function topicSource(options: {
  readonly name: string;
  readonly scanner: TopicScanner;
  /** Default: all. */
  readonly includes?: (topic: string) => boolean;
}): AuditSource {
  const { name, scanner, includes = () => true } = options;
  return {
    name,
    kind: 'topic',
    async *entries() {
      for (const topic of await scanner.topics()) {
        if (!includes(topic.name)) continue;
        yield { place: `topic ${topic.name} (its name)`, content: Buffer.from(topic.name, 'utf8') };
        for (const partition of topic.partitions) yield* partitionEntries(scanner, topic.name, partition);
      }
    },
  };
}

/** A partition that cannot be read is named, and the others are read. */
async function* partitionEntries(
  scanner: TopicScanner,
  topic: string,
  partition: number,
): AsyncGenerator<AuditContent | AuditGap, void, undefined> {
  const log = `${topic}-${partition}`;
  const batches = scanner.scan(topic, partition)[Symbol.asyncIterator]();
  for (;;) {
    let next;
    try {
      next = await batches.next();
    } catch (error) {
      yield { place: log, unseen: `cannot be read (${codeOf(error)})`, failed: true };
      return;
    }
    if (next.done === true) return;
    const batch = next.value;
    if ('code' in batch)
      yield { place: `${log}@${batch.baseOffset}`, unseen: `does not decode (${batch.code})`, failed: true };
    else for (const record of batch.records) yield* partsOf(log, record);
  }
}

function* partsOf(
  log: string,
  { offset, key, value, headers }: RawRecord,
): Generator<AuditContent, void, undefined> {
  const record = `${log}@${offset}`;
  if (key !== null) yield { place: `${record} key`, content: key };
  if (value !== null) yield { place: `${record} value`, content: value };
  for (const [index, header] of headers.entries()) {
    yield { place: `${record} header ${index + 1} (its name)`, content: Buffer.from(header.key, 'utf8') };
    if (header.value !== null) yield { place: `${record} header ${index + 1}`, content: header.value };
  }
}
