import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
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
