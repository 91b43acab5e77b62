import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { ElementCount } from '../wire/element-count.js';
import type { Codec } from './codec.js';
import { compileField } from './compile.js';
import type { Decoded, Encodable, Fields } from './field.js';
import { parseVersions, type VersionRange, type Versions } from './versions.js';

export interface MessageOptions {
  readonly versions: VersionRange;
  /** The versions with compact types and tagged fields (KIP-482); none when left out. */
  readonly flexible?: VersionRange;
}

/** A message as its field table says, in all its versions. A version's codec is made at its first use, then kept. */
export class Message<F extends Fields> {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly fields: F;
  readonly #flexible: Versions | null;
  readonly #codecs: (Codec | undefined)[] = [];

  constructor(name: string, options: MessageOptions, fields: F) {
    const { min, max } = parseVersions(options.versions);
    this.name = name;
    this.minVersion = min;
    this.maxVersion = max;
    this.fields = fields;
    this.#flexible = options.flexible === undefined ? null : parseVersions(options.flexible);
  }

  serves(version: number): boolean {
    return version >= this.minVersion && version <= this.maxVersion;
  }

  isFlexible(version: number): boolean {
    return this.#flexible !== null && version >= this.#flexible.min && version <= this.#flexible.max;
  }

  /** Reads one message. Throws `ProtocolError`; what stands behind the message is left to the caller. */
  decode(version: number, reader: ByteReader): Decoded<F> {
    return this.#codec(version).read(reader) as Decoded<F>;
  }

  /** Writes one message. Throws `ProtocolError`; what was written until then is the caller's to discard. */
  encode(version: number, writer: ByteWriter, value: Encodable<F>): void {
    this.#codec(version).write(writer, value);
  }

  /** `decode`, or null where the arrays hold more than `most` elements: `decodeInSteps` reads it then, from the same place. */
  decodeAtOnce(version: number, reader: ByteReader, most: number): Decoded<F> | null {
    return atOnce(reader.elements, most, () => reader.attempt(() => this.decode(version, reader)));
  }

  /** `decode` in small pieces: each `yield` is a place where others may run. */
  *decodeInSteps(version: number, reader: ByteReader): Generator<void, Decoded<F>, undefined> {
    const codec = this.#codec(version);
    if (codec.steps === undefined) return codec.read(reader) as Decoded<F>;
    return (yield* codec.steps.read(reader)) as Decoded<F>;
  }

  /** `encode`, or false where the arrays hold more than `most` elements; what was written then is the caller's to discard. */
  encodeAtOnce(version: number, writer: ByteWriter, value: Encodable<F>, most: number): boolean {
    return (
      atOnce(writer.elements, most, () => {
        this.encode(version, writer, value);
        return true;
      }) ?? false
    );
  }

  /** `encode` in small pieces: each `yield` is a place where others may run. */
  *encodeInSteps(version: number, writer: ByteWriter, value: Encodable<F>): Generator<void, void, undefined> {
    const codec = this.#codec(version);
    if (codec.steps === undefined) codec.write(writer, value);
    else yield* codec.steps.write(writer, value);
  }

  #codec(version: number): Codec {
    const known = this.#codecs[version];
    if (known !== undefined) return known;
    if (!this.serves(version)) {
      throw new ProtocolError(
        'UNSUPPORTED_VERSION',
        `${this.name} version ${version}, served are ${this.minVersion} to ${this.maxVersion}`,
      );
    }
    const whole = { kind: 'struct', fields: this.fields, options: {} } as const;
    const codec = compileField(whole, version, this.isFlexible(version));
    this.#codecs[version] = codec;
    return codec;
  }
}

/** What `work` returns, or null where it has more elements than that. */
function atOnce<T>(elements: ElementCount, most: number, work: () => T): T | null {
  elements.limitAtOnce(most);
  try {
    return work();
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'TOO_MANY_AT_ONCE') return null;
    throw error;
  } finally {
    elements.limitAtOnce(Infinity);
  }
}

/** Declares a message's field table. */
export function message<const F extends Fields>(
  name: string,
  options: MessageOptions,
  fields: F,
): Message<F> {
  return new Message(name, options, fields);
}

/** What decoding gives. */
export type DecodedMessage<M> = M extends Message<infer F> ? Decoded<F> : never;
/** What encoding takes. */
export type EncodableMessage<M> = M extends Message<infer F> ? Encodable<F> : never;
