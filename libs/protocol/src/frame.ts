import { ProtocolError } from './errors.js';
import { requestHeader, responseHeader } from './messages/headers.js';
import { apiByKey, requestHeaderVersion, responseHeaderVersion, type AnyApi } from './registry.js';
import type { Api } from './schema/api.js';
import type { Decoded, Encodable, Fields } from './schema/field.js';
import { ByteReader } from './wire/byte-reader.js';
import { ByteWriter } from './wire/byte-writer.js';

/** Bytes of the length before every frame; it does not count itself. */
export const FRAME_LENGTH_BYTES = 4;

/**
 * What the arrays of one request may hold, all in all: an element of two bytes takes a hundred as an object, and a frame of 100 MB
 * the whole heap. Kafka has no such bound; its request fails there for want of memory.
 */
const MAX_REQUEST_ELEMENTS = 250_000;

/** Of a response that is made in steps. */
const STEP_SLAB_BYTES = 64 * 1024;
/** A piece of it is handed out from so many bytes on. */
const STEP_PART_BYTES = 48 * 1024;

export interface RequestHead {
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** A request whose header was read; `reader` stands at the body, to be read with `api.request.decode(version, reader)`. */
export interface ReceivedRequest extends RequestHead {
  readonly api: AnyApi;
  /** As the client said it: check `api.request.serves(version)`. */
  readonly version: number;
  readonly reader: ByteReader;
}

/**
 * Reads the header of a request frame (without its length). Throws `ProtocolError`: UNKNOWN_API, or what is wrong with the
 * bytes; then all that is left is to close the connection. A version that is not served is no error here.
 */
export function decodeRequestHeader(frame: Uint8Array): ReceivedRequest {
  const reader = new ByteReader(frame, 0, frame.length, MAX_REQUEST_ELEMENTS);
  const key = reader.peekInt16(0);
  const version = reader.peekInt16(2);
  const api = apiByKey(key);
  if (api === undefined) throw new ProtocolError('UNKNOWN_API', `no field table for API key ${key}`);
  const { correlationId, clientId } = requestHeader.decode(requestHeaderVersion(api, version), reader);
  return { api, version, correlationId, clientId, reader };
}

/** Reads a whole request frame (without its length). Throws `ProtocolError`, UNSUPPORTED_VERSION among others. */
export function decodeRequest(frame: Uint8Array): RequestHead & {
  readonly api: AnyApi;
  readonly version: number;
  readonly body: Readonly<Record<string, unknown>>;
} {
  const { api, version, correlationId, clientId, reader } = decodeRequestHeader(frame);
  return { api, version, correlationId, clientId, body: api.request.decode(version, reader) };
}

/**
 * A request frame with its length. With a `writer` of the caller's, which must be at rest (finished or new), frames share its
 * slabs; after an error it is at rest again.
 */
export function encodeRequest<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  head: RequestHead,
  body: Encodable<Req>,
  writer: ByteWriter = new ByteWriter(),
): Uint8Array {
  writeFrame(writer, () => {
    const header = { requestApiKey: api.key, requestApiVersion: version, ...head };
    requestHeader.encode(requestHeaderVersion(api, version), writer, header);
    api.request.encode(version, writer, body);
  });
  return writer.finish();
}

/** A response frame with its length, as one piece. */
export function encodeResponse<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Encodable<Res>,
  writer: ByteWriter = new ByteWriter(),
): Uint8Array {
  writeResponse(writer, api, version, correlationId, body);
  return writer.finish();
}

/**
 * The same in pieces to be written in order: large record batches stand among them uncopied. Null where the body's arrays hold more than
 * `atOnce` elements: `encodeResponseInSteps` makes it then.
 */
export function encodeResponseParts<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Encodable<Res>,
  writer: ByteWriter = new ByteWriter(),
  atOnce = Infinity,
): Uint8Array[] | null {
  let isWhole = false;
  writeFrame(writer, () => {
    writeResponseHeader(writer, api, version, correlationId);
    isWhole = api.response.encodeAtOnce(version, writer, body, atOnce);
  });
  if (isWhole) return writer.finishParts();
  writer.discard();
  return null;
}

/**
 * A response frame in pieces to be written in order, made in small steps: each `yield` is a place where others may run. Large record
 * batches stand among the pieces uncopied.
 */
export function* encodeResponseInSteps<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Encodable<Res>,
): Generator<void, Uint8Array[], undefined> {
  const writer = new ByteWriter(STEP_SLAB_BYTES);
  writer.int32(0);
  writeResponseHeader(writer, api, version, correlationId);
  const parts: Uint8Array[] = [];
  for (const pause of api.response.encodeInSteps(version, writer, body)) {
    // What is cut off here is never copied to make room for more.
    if (writer.length >= STEP_PART_BYTES) parts.push(...writer.finishParts());
    yield pause;
  }
  parts.push(...writer.finishParts());
  const [first] = parts;
  const bytes = parts.reduce((sum, part) => sum + part.length, 0) - FRAME_LENGTH_BYTES;
  if (first !== undefined) new DataView(first.buffer, first.byteOffset).setUint32(0, bytes);
  return parts;
}

function writeResponseHeader<Req extends Fields, Res extends Fields>(
  writer: ByteWriter,
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
): void {
  responseHeader.encode(responseHeaderVersion(api, version), writer, { correlationId });
}

function writeResponse<Req extends Fields, Res extends Fields>(
  writer: ByteWriter,
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Encodable<Res>,
): void {
  writeFrame(writer, () => {
    writeResponseHeader(writer, api, version, correlationId);
    api.response.encode(version, writer, body);
  });
}

/** Reads a response frame (without its length) to a request of this API and version. Throws `ProtocolError`. */
export function decodeResponse<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Decoded<Res> } {
  const reader = new ByteReader(frame);
  const { correlationId } = responseHeader.decode(responseHeaderVersion(api, version), reader);
  return { correlationId, body: api.response.decode(version, reader) };
}

function writeFrame(writer: ByteWriter, content: () => void): void {
  try {
    writer.int32(0);
    content();
    writer.setUint32(0, writer.length - FRAME_LENGTH_BYTES);
  } catch (error) {
    writer.discard();
    throw error;
  }
}
