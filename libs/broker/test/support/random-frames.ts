import { apis, encodeRequest, type AnyApi, type Api, type Fields } from '@oubliette/protocol';
import type { ApiHandler } from '../../src/server/api-handler.js';

/** A seeded generator of numbers in [0, 1), mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type FieldSpec = Fields[string];

const names = [
  'here',
  'there',
  'group',
  '',
  '__consumer_offsets',
  'no such',
  '1',
  'range',
  'segment.ms',
  '1000',
  '*',
];
const integers = [0, 1, -1, 2, 3, 4, 9, -2, 0x7f, -0x80];
/** Times that a request may wait: the run shall not. */
const waits = /^(maxWait|timeout|sessionTimeout|rebalanceTimeout)Ms$/;

/** Requests of an API, well-formed as far as its field tables go, with values that partly make sense. */
export class RandomFrames {
  readonly #apis: ReadonlyMap<number, AnyApi> = new Map(Object.values(apis).map((api) => [api.key, api]));

  constructor(
    private readonly random: () => number,
    private readonly batch: () => Uint8Array,
  ) {}

  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.random() * list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** A whole frame, length included, of any version that the handler serves. */
  frame(handler: ApiHandler): Uint8Array {
    const api = this.#apis.get(handler.key) as unknown as Api<Fields, Fields>;
    const { minVersion, maxVersion } = handler;
    const version = minVersion + Math.floor(this.random() * (maxVersion - minVersion + 1));
    const body = this.#struct(api.request.fields, version);
    return encodeRequest(api, version, { correlationId: 1, clientId: this.pick(['fuzz', null, '']) }, body);
  }

  /** The frame with bits turned, bytes overwritten, or its end cut or prolonged; its length is right unless that is the change. */
  mutated(frame: Uint8Array, allowFlips: boolean): Uint8Array {
    const copy = Buffer.from(frame);
    const at = (from: number): number => from + Math.floor(this.random() * Math.max(1, copy.length - from));
    switch (Math.floor(this.random() * (allowFlips ? 6 : 3))) {
      case 0:
        return resized(copy.subarray(0, at(12)));
      case 1:
        return resized(Buffer.concat([copy, Buffer.alloc(Math.floor(this.random() * 40), 0xff)]));
      case 2:
        copy.writeInt32BE(this.pick([-1, 0, 7, 0x7fffffff, copy.length, 12]), 0);
        return copy;
      case 3:
        for (let i = 0; i < 3; i++) flip(copy, at(12), Math.floor(this.random() * 8));
        return copy;
      case 4:
        if (copy.length >= 16)
          copy.writeInt32BE(
            this.pick([-1, 0x7fffffff, 0x7ffffff, -0x80000000]),
            Math.min(at(8), copy.length - 4),
          );
        return copy;
      default:
        for (let i = at(8), end = Math.min(copy.length, i + 8); i < end; i++)
          copy[i] = Math.floor(this.random() * 256);
        return copy;
    }
  }

  #struct(fields: Fields, version: number): Record<string, unknown> {
    const filled: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (!includes(field.options.versions, version)) continue;
      filled[name] = waits.test(name) ? this.pick([0, 1, 5]) : this.#value(field, version);
    }
    return filled;
  }

  #value(field: FieldSpec, version: number): unknown {
    const { nullable } = field.options;
    if (nullable !== undefined && includes(nullable, version) && this.random() < 0.2) return null;
    switch (field.kind) {
      case 'struct':
        return this.#struct(field.fields ?? {}, version);
      case 'array': {
        const { element } = field;
        if (element === undefined) return [];
        return Array.from({ length: this.pick([0, 1, 1, 2, 3]) }, () => this.#value(element, version));
      }
      case 'boolean':
        return this.random() < 0.5;
      case 'int64':
        return BigInt(this.pick([...integers, 0x7fffffff])) * this.pick([1n, 1n, 1n, 0x100000000n]);
      case 'int8':
        return this.pick(integers);
      case 'int16':
        return this.pick([...integers, 0x7fff]);
      case 'uint16':
        return Math.abs(this.pick(integers));
      case 'int32':
        return this.pick([...integers, 0x7fffffff, -0x80000000]);
      case 'float64':
        return this.pick(integers);
      case 'uuid':
        return this.pick(['AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAQ']);
      case 'string':
        return this.pick(names);
      case 'bytes':
        return new Uint8Array(this.pick([0, 1, 30]));
      case 'records':
        return this.random() < 0.5 ? this.batch() : this.mutated(this.batch(), true);
    }
  }
}

function resized(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeInt32BE(copy.length - 4, 0);
  return copy;
}

function includes(range: string | undefined, version: number): boolean {
  if (range === undefined) return true;
  const [low = '0', high] = range.endsWith('+') ? [range.slice(0, -1), '99'] : range.split('-');
  return version >= Number(low) && version <= Number(high ?? low);
}

function flip(bytes: Buffer, at: number, bit: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
}
