import {
  encodeResponseInSteps,
  encodeResponseParts,
  type Api,
  type ByteReader,
  type ByteWriter,
  type Decoded,
  type Encodable,
  type Fields,
} from '@oubliette/protocol';
import type { ClientIdentity } from '../groups/group-messages.js';
import type { AnswerAccount } from './answer-budget.js';
import type { BrokerServices } from './broker-services.js';
import type { AnswerBuffers } from './read-buffers.js';
import { TimeSlice } from '../log/time-slice.js';

/** The range of an API's versions as ApiVersions shows it. */
export interface ServedApi {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What a handler knows beside its request. */
export interface RequestContext {
  readonly broker: BrokerServices;
  readonly version: number;
  readonly client: ClientIdentity;
  /** Aborted when the client is gone: nobody reads an answer that is waited for. */
  readonly gone: AbortSignal;
  /** Called before its first wait by a request that takes long to begin: no later one of this client begins before it is answered. */
  readonly alone: () => void;
  /** What this client's answers hold of the budget of all. */
  readonly answers: AnswerAccount;
  /** What the answer may be read into. Requests that allocate from it do not overlap. */
  readonly buffers: AnswerBuffers;
  /** Everything that is served: what ApiVersions answers. */
  readonly served: readonly ServedApi[];
}

/** How a request came, for the answer. */
export interface RequestFrame {
  readonly version: number;
  readonly correlationId: number;
  readonly reader: ByteReader;
}

/** One served API. */
export interface ApiHandler extends ServedApi {
  /** The lowest version that ApiVersions shows, where it must differ from what is served. */
  readonly advertisedMinVersion: number;
  /** Several requests of this API may be under way on one connection; answers keep their order all the same. */
  readonly overlaps: boolean;
  /** Decodes, handles, encodes. Resolves to the frame in pieces, or null for no answer. Throws ProtocolError for a malformed body. */
  serve(frame: RequestFrame, context: RequestContext, writer: ByteWriter): Promise<Uint8Array[] | null>;
}

export interface HandlerOptions {
  /** First and last version served. */
  readonly versions: readonly [min: number, max: number];
  readonly advertisedMinVersion?: number;
  readonly overlaps?: boolean;
}

/** Elements of arrays, of a request or an answer, that are read or written without letting others run: a few ms. */
const mostAtOnce = 5_000;

/** Registers a handler: the one place that says which versions of an API are served. */
export function defineHandler<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  options: HandlerOptions,
  handle: (
    request: Decoded<Req>,
    context: RequestContext,
  ) => Encodable<Res> | null | Promise<Encodable<Res> | null>,
): ApiHandler {
  const [minVersion, maxVersion] = options.versions;
  return {
    key: api.key,
    name: api.name,
    minVersion,
    maxVersion,
    advertisedMinVersion: options.advertisedMinVersion ?? minVersion,
    overlaps: options.overlaps ?? false,
    async serve({ version, correlationId, reader }, context, writer) {
      const { clock } = context.broker;
      let request = api.request.decodeAtOnce(version, reader, mostAtOnce);
      if (request === null) {
        context.alone();
        request = await new TimeSlice(clock).run(api.request.decodeInSteps(version, reader));
      }
      const response = await handle(request, context);
      if (response === null) return null;
      try {
        return (
          encodeResponseParts(api, version, correlationId, response, writer, mostAtOnce) ??
          (await new TimeSlice(clock).run(encodeResponseInSteps(api, version, correlationId, response)))
        );
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : 'unknown';
        throw new UnencodableAnswerError(`${api.name} version ${version}: ${why}`, { cause });
      }
    },
  };
}

/** A handler cannot answer and the client must not go on as if it had: the connection is closed. */
export class CloseConnectionError extends Error {
  override readonly name = 'CloseConnectionError';
  readonly code = 'CLOSE_CONNECTION';
}

/** The handler made an answer that its version cannot hold: a mistake of this broker, not of the client. */
export class UnencodableAnswerError extends Error {
  override readonly name = 'UnencodableAnswerError';
  readonly code = 'UNENCODABLE_ANSWER';
}
