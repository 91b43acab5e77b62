import { apis, decodeRequestHeader, encodeResponse, ErrorCode, type ByteWriter } from '@oubliette/protocol';
import type { ClientIdentity } from '../groups/group-messages.js';
import { CloseConnectionError, type ApiHandler, type RequestFrame, type ServedApi } from './api-handler.js';
import type { AnswerAccount } from './answer-budget.js';
import type { AnswerBuffers } from './read-buffers.js';
import type { BrokerServices } from './broker-services.js';

/** A request whose handler is known. */
export interface Dispatched {
  readonly handler: ApiHandler | null;
  readonly overlaps: boolean;
  /** Resolves to the answer's pieces, or null where none is sent. */
  run(writer: ByteWriter): Promise<Uint8Array[] | null>;
}

/** Whose requests they are: one for each connection. */
export interface Sender {
  readonly clientHost: string;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  /** No later request begins before those under way are answered. */
  readonly alone: () => void;
  readonly answers: AnswerAccount;
  readonly buffers: AnswerBuffers;
}

/** Finds the handler of a frame. */
export class Dispatcher {
  readonly #handlers: ReadonlyMap<number, ApiHandler>;
  readonly #broker: BrokerServices;
  readonly served: readonly ServedApi[];

  constructor(handlers: readonly ApiHandler[], broker: BrokerServices) {
    this.#handlers = new Map(handlers.map((handler) => [handler.key, handler]));
    this.#broker = broker;
    this.served = handlers
      .map(({ key, name, advertisedMinVersion, maxVersion }) => ({
        key,
        name,
        minVersion: advertisedMinVersion,
        maxVersion,
      }))
      .sort((a, b) => a.key - b.key);
  }

  /** Throws ProtocolError or CloseConnectionError when the connection cannot go on, as Kafka's SocketServer closes it. */
  dispatch(frame: Uint8Array, from: Sender): Dispatched {
    const { api, version, correlationId, clientId, reader } = decodeRequestHeader(frame);
    const handler = this.#handlers.get(api.key);
    if (handler === undefined) throw new CloseConnectionError(`API ${api.name} is not served`);
    if (version < handler.minVersion || version > handler.maxVersion) {
      if (api.key !== apis.apiVersions.key) {
        throw new CloseConnectionError(`API ${api.name} version ${version} is not served`);
      }
      return this.#unsupportedApiVersions(handler, correlationId);
    }
    const { clientHost, ...own } = from;
    const client: ClientIdentity = { clientId: clientId ?? '', clientHost };
    const request: RequestFrame = { version, correlationId, reader };
    const context = { broker: this.#broker, version, client, ...own, served: this.served };
    return {
      handler,
      overlaps: handler.overlaps,
      run: (writer) => handler.serve(request, context, writer),
    };
  }

  /** A client newer than this broker is told, in version 0, which versions of ApiVersions itself it may use (KIP-511). */
  #unsupportedApiVersions(handler: ApiHandler, correlationId: number): Dispatched {
    const { key: apiKey, minVersion, maxVersion } = handler;
    const body = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: [{ apiKey, minVersion, maxVersion }] };
    return {
      handler,
      overlaps: false,
      run: (writer) => Promise.resolve([encodeResponse(apis.apiVersions, 0, correlationId, body, writer)]),
    };
  }
}
