import { apis, type ApiName } from './messages/apis.js';
import type { DecodedMessage, EncodableMessage } from './schema/message.js';

/** Any API, when only its shape matters. */
export type AnyApi = (typeof apis)[ApiName];

/** What a handler of the API gets, what its client gets back, and what each may send. */
export type RequestOf<N extends ApiName> = DecodedMessage<(typeof apis)[N]['request']>;
export type ResponseOf<N extends ApiName> = DecodedMessage<(typeof apis)[N]['response']>;
export type EncodableRequestOf<N extends ApiName> = EncodableMessage<(typeof apis)[N]['request']>;
export type EncodableResponseOf<N extends ApiName> = EncodableMessage<(typeof apis)[N]['response']>;

const BY_KEY: ReadonlyMap<number, AnyApi> = new Map(Object.values(apis).map((api) => [api.key, api]));

/** The API with this key, or undefined when it has no field table. */
export function apiByKey(key: number): AnyApi | undefined {
  return BY_KEY.get(key);
}

interface VersionedPair {
  readonly key: number;
  readonly request: { isFlexible(version: number): boolean };
  readonly response: { isFlexible(version: number): boolean };
}

/** 2 where the request is flexible, else 1 (KIP-511). Also for versions that are not served: Kafka parses those headers too. */
export function requestHeaderVersion(api: VersionedPair, version: number): 1 | 2 {
  return api.request.isFlexible(version) ? 2 : 1;
}

/** 1 where the response is flexible, else 0; always 0 for ApiVersions, whose client does not know yet what to expect (KIP-511). */
export function responseHeaderVersion(api: VersionedPair, version: number): 0 | 1 {
  return api.key !== apis.apiVersions.key && api.response.isFlexible(version) ? 1 : 0;
}
