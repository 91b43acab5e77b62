import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import type { Codec } from './codec.js';
import type { UnknownTag } from './field.js';

export interface TaggedField {
  readonly name: string;
  readonly tag: number;
  /** Then it is not sent. */
  readonly isDefault: (value: unknown) => boolean;
  readonly codec: Codec;
}

/** Reads the tagged section behind a struct (KIP-482) into `target`; tags without a row are kept as `unknownTags`. */
export function readTags(
  reader: ByteReader,
  target: Record<string, unknown>,
  known: readonly TaggedField[],
): void {
  const count = reader.unsignedVarint();
  if (count === 0) return;
  const unknown: UnknownTag[] = [];
  for (let index = 0; index < count; index++) {
    const tag = reader.unsignedVarint();
    const size = reader.unsignedVarint();
    const field = known.find((candidate) => candidate.tag === tag);
    if (field === undefined) {
      reader.countElements(1);
      unknown.push({ tag, data: reader.bytes(size) });
      continue;
    }
    // Its size is not looked at, as in Kafka's readers.
    target[field.name] = field.codec.read(reader);
  }
  if (unknown.length > 0) target['unknownTags'] = unknown;
}

/** Writes the tagged section: known fields that differ from their default and unknown ones, by ascending tag. */
export function writeTags(
  writer: ByteWriter,
  value: Readonly<Record<string, unknown>>,
  known: readonly TaggedField[],
): void {
  const unknown = value['unknownTags'];
  let count = Array.isArray(unknown) ? unknown.length : 0;
  for (const { name, isDefault } of known) if (!isDefault(value[name])) count += 1;
  if (count === 0) writer.unsignedVarint(0);
  else writeEntries(writer, entriesOf(value, known, unknown as readonly UnknownTag[] | undefined));
}

function entriesOf(
  value: Readonly<Record<string, unknown>>,
  known: readonly TaggedField[],
  unknown: readonly UnknownTag[] | undefined,
): UnknownTag[] {
  const entries: UnknownTag[] = [];
  for (const { name, tag, codec, isDefault } of known) {
    const item = value[name];
    if (isDefault(item)) continue;
    const content = new ByteWriter(64);
    codec.write(content, item);
    entries.push({ tag, data: content.finish() });
  }
  if (unknown !== undefined) {
    entries.push(...unknown);
    entries.sort((a, b) => a.tag - b.tag);
  }
  return entries;
}

function writeEntries(writer: ByteWriter, entries: readonly UnknownTag[]): void {
  writer.unsignedVarint(entries.length);
  let previous = -1;
  for (const { tag, data } of entries) {
    if (tag === previous) throw new ProtocolError('INVALID_TAG', `tag ${tag} stands twice`);
    previous = tag;
    writer.unsignedVarint(tag);
    writer.unsignedVarint(data.length);
    writer.bytes(data);
  }
}
