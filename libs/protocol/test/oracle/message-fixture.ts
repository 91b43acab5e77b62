import type { JsonObject } from './random-message.js';

/** One message in Kafka's JSON and in Kafka's bytes (body only). */
export interface MessageFixture {
  readonly key: number;
  readonly version: number;
  readonly kind: 'request' | 'response';
  readonly content: 'defaults' | 'filled' | 'nulls';
  readonly json: JsonObject;
  readonly hex: string;
}

/** The same for a message that belongs to no API: a header, or what a consumer embeds. */
export interface DataFixture {
  readonly name: string;
  readonly version: number;
  readonly json: JsonObject;
  readonly hex: string;
}

/** A message that Kafka's clients jar defines; the key and the stable versions of one that belongs to an API. */
export interface KafkaMessageName {
  readonly name: string;
  readonly key?: number;
  readonly minVersion?: number;
  readonly maxVersion?: number;
}
