import { SerdeError } from './errors.js';

/** Values to bytes. Throws `VALUE_INVALID`; the message never repeats the value. */
export interface Serializer<T> {
  serialize(value: T): Uint8Array;
}

/** Bytes to values. Throws `VALUE_INVALID`. */
export interface Deserializer<T> {
  deserialize(bytes: Uint8Array): T;
}

export interface Serde<T> extends Serializer<T>, Deserializer<T> {}

/** UTF-8. Lone surrogates and malformed bytes are refused: replacing them would change the value without a word. */
export const stringSerde: Serde<string> = {
  serialize(value) {
    const bytes = Buffer.from(value, 'utf8');
    if (hasLoneSurrogate(value))
      throw new SerdeError('VALUE_INVALID', 'The text is not well-formed Unicode.');
    return bytes;
  },
  deserialize(bytes) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new SerdeError('VALUE_INVALID', 'The bytes are not UTF-8.');
    }
  },
};

/** JSON text in UTF-8. The engine's own messages quote the input, so they are not passed on. */
export const jsonSerde: Serde<unknown> = {
  serialize(value) {
    let text: string | undefined;
    try {
      text = JSON.stringify(value) as string | undefined;
    } catch {
      throw new SerdeError('VALUE_INVALID', 'The value has no JSON form (a cycle or a bigint).');
    }
    if (text === undefined) throw new SerdeError('VALUE_INVALID', 'The value has no JSON form.');
    return Buffer.from(text, 'utf8');
  },
  deserialize(bytes) {
    try {
      return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    } catch {
      throw new SerdeError('VALUE_INVALID', 'The bytes are not JSON.');
    }
  },
};

function hasLoneSurrogate(text: string): boolean {
  return /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
