import type { Fields } from './field.js';
import type { Message } from './message.js';

/** A pair of request and response under one API key. */
export interface Api<Req extends Fields, Res extends Fields> {
  readonly key: number;
  /** As Kafka calls it. */
  readonly name: string;
  readonly request: Message<Req>;
  readonly response: Message<Res>;
}

export function api<Req extends Fields, Res extends Fields>(definition: Api<Req, Res>): Api<Req, Res> {
  return definition;
}
