import type { Decoded } from './event-codec.js';

export type Refusal = Exclude<Decoded<unknown>, { outcome: 'event' }>;

/** Thrown inside one record's decoding, caught by the codec: carries the result and no value of the record. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused';

  constructor(readonly refusal: Refusal) {
    super(refusal.reason);
  }
}

export function invalidRecord(reason: (Refusal & { outcome: 'invalid' })['reason'], path: string): never {
  throw new RecordRefused({ outcome: 'invalid', reason, path });
}
