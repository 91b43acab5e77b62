import { fromBase64Url, toBase64Url } from '../base64url.js';
import { SerdeError } from '../errors.js';
import type { EventShape } from '../event-shape.js';
import { invalidRecord } from '../refusal.js';
import { stringSerde } from '../serdes.js';
import type { EventFormat, OpenField, SealField } from './event-format.js';

const LENGTH_BYTES = 2;

/**
 * Text events: an object of the user id and one text, both personal, both top-level strings. The record's value is the
 * base64url text of one envelope (binding path empty) over: user id length (u16, big endian, UTF-8 bytes), user id, text.
 */
export function createStringFormat(): EventFormat {
  return {
    name: 'string',
    writer: (shape) => {
      const fields = fieldsOf(shape);
      return (event, seal) => write(shape, fields, event, seal);
    },
    reader: (shape) => {
      const fields = fieldsOf(shape);
      return (value, open) => read(fields, value, open);
    },
  };
}

interface TextFields {
  readonly userId: string;
  readonly text: string;
}

function fieldsOf(shape: EventShape): TextFields {
  const [userId, text, ...more] = shape.paths;
  if (
    userId === undefined ||
    text === undefined ||
    more.length > 0 ||
    shape.steps.some((s) => s.steps.length > 0)
  ) {
    throw new SerdeError(
      'EVENT_SPEC_INVALID',
      `Event ${shape.spec.type}: the string format takes a user id and one personal text, both at the top level.`,
    );
  }
  if (shape.purposes.size > 0) {
    throw new SerdeError(
      'EVENT_SPEC_INVALID',
      `Event ${shape.spec.type}: the string format has one envelope for user id and text, so that the text can have no purpose of its own.`,
    );
  }
  return { userId, text };
}

function write(shape: EventShape, fields: TextFields, event: object, seal: SealField): Uint8Array {
  const parts: Record<string, Uint8Array> = {};
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined) continue;
    if (name !== fields.userId && name !== fields.text) {
      throw invalid(shape, name, 'is not carried by the string format');
    }
    if (typeof value !== 'string') throw invalid(shape, name, 'must be a string');
    parts[name] = encodeText(shape, name, value);
  }
  const userId = parts[fields.userId];
  const text = parts[fields.text];
  if (userId === undefined) throw invalid(shape, fields.userId, 'is missing');
  if (text === undefined) throw invalid(shape, fields.text, 'is missing');
  const plaintext = Buffer.alloc(LENGTH_BYTES + userId.length + text.length);
  plaintext.writeUInt16BE(userId.length);
  plaintext.set(userId, LENGTH_BYTES);
  plaintext.set(text, LENGTH_BYTES + userId.length);
  try {
    return Buffer.from(toBase64Url(seal('', plaintext)), 'latin1');
  } finally {
    for (const part of [userId, text, plaintext]) part.fill(0);
  }
}

function encodeText(shape: EventShape, path: string, value: string): Uint8Array {
  try {
    return stringSerde.serialize(value);
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    throw invalid(shape, path, 'is not well-formed Unicode');
  }
}

function read(fields: TextFields, value: Uint8Array, open: OpenField): object {
  const envelope = fromBase64Url(Buffer.from(value).toString('latin1'));
  if (envelope === null) return invalidRecord('malformed', '');
  const opened = open('', envelope);
  if (!(opened instanceof Uint8Array)) return { [fields.userId]: opened, [fields.text]: opened };
  const plaintext = Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
  const end = plaintext.length < LENGTH_BYTES ? Infinity : LENGTH_BYTES + plaintext.readUInt16BE(0);
  if (end > plaintext.length) return invalidRecord('malformed', '');
  const event = {
    [fields.userId]: decodeText(plaintext.subarray(LENGTH_BYTES, end)),
    [fields.text]: decodeText(plaintext.subarray(end)),
  };
  plaintext.fill(0);
  return event;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return stringSerde.deserialize(bytes);
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    return invalidRecord('malformed', '');
  }
}

function invalid(shape: EventShape, path: string, problem: string): SerdeError {
  return new SerdeError('EVENT_INVALID', `Event ${shape.spec.type}: ${path} ${problem}.`, path);
}
