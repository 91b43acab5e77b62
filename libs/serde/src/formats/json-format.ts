import { fromBase64Url, toBase64Url } from '../base64url.js';
import { SerdeError } from '../errors.js';
import { rewritePersonal } from '../event-shape.js';
import type { EventShape } from '../event-shape.js';
import { invalidRecord } from '../refusal.js';
import { isRestricted } from '../restricted.js';
import { jsonSerde } from '../serdes.js';
import type { EventFormat, OpenField, SealField } from './event-format.js';

/**
 * JSON (RFC 8259). A personal value stands as the base64url text of its envelope; the plaintext is the value's JSON text,
 * so numbers, objects, arrays and null survive. Unknown fields are kept.
 */
export function createJsonFormat(): EventFormat {
  return {
    name: 'json',
    writer: (shape) => (event, seal) => write(shape, event, seal),
    reader: (shape) => (value, open) => read(shape, value, open),
  };
}

function write(shape: EventShape, event: object, seal: SealField): Uint8Array {
  const sealed = rewritePersonal(
    event,
    shape.steps,
    (path, value) => sealedText(shape, path, value, seal),
    (path) => {
      throw new SerdeError(
        'EVENT_INVALID',
        `Event ${shape.spec.type}: a personal field lies below ${path}, which is no object; declare ${path} itself as personal.`,
        path,
      );
    },
  );
  return serialized(shape, '', sealed);
}

function sealedText(shape: EventShape, path: string, value: unknown, seal: SealField): string {
  if (isRestricted(value)) {
    // Written down it would stand for the value when that may be processed again.
    throw new SerdeError('EVENT_INVALID', `Event ${shape.spec.type}: ${path} is restricted.`, path);
  }
  const plaintext = serialized(shape, path, value);
  try {
    return toBase64Url(seal(path, plaintext));
  } finally {
    plaintext.fill(0);
  }
}

function serialized(shape: EventShape, path: string, value: unknown): Uint8Array {
  try {
    return jsonSerde.serialize(value);
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    throw new SerdeError(
      'EVENT_INVALID',
      `Event ${shape.spec.type}: ${path === '' ? 'the event' : path} has no JSON form.`,
      path,
    );
  }
}

function read(shape: EventShape, value: Uint8Array, open: OpenField): object {
  const event = parsed(value, '');
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    return invalidRecord('malformed', '');
  return rewritePersonal(
    event,
    shape.steps,
    (path, sealed) => {
      const envelope = typeof sealed === 'string' ? fromBase64Url(sealed) : null;
      if (envelope === null) return invalidRecord('malformed', path);
      const opened = open(path, envelope);
      if (!(opened instanceof Uint8Array)) return opened;
      const field = parsed(opened, path);
      opened.fill(0);
      return field;
    },
    (path) => invalidRecord('malformed', path),
  );
}

function parsed(bytes: Uint8Array, path: string): unknown {
  try {
    return jsonSerde.deserialize(bytes);
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    return invalidRecord('malformed', path);
  }
}
