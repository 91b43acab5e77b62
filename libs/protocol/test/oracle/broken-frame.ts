import { apis, type Fields, type Message } from '../../src/index.js';
import { messageFixtures } from './fixtures.js';

/** A message as Kafka wrote it. */
export interface Original {
  readonly key: number;
  readonly kind: 'request' | 'response';
  readonly message: Message<Fields>;
  readonly version: number;
  readonly bytes: Buffer;
}

const byKey = new Map(Object.values(apis).map((api) => [api.key, api]));
/** One filled and one with nulls for each API and version, in both directions. */
export const ORIGINALS: readonly Original[] = messageFixtures()
  .filter(({ content, hex }) => content !== 'defaults' && hex.length > 0)
  .map(({ key, kind, version, hex }): Original => {
    const message = byKey.get(key)?.[kind] as unknown as Message<Fields>;
    return { key, kind, message, version, bytes: Buffer.from(hex, 'hex') };
  });

/** Whole numbers below the bound. */
type Random = (bound: number) => number;

/** What lengths, counts, varints and versions break on. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/** One of the ways in which a frame goes wrong. */
const MUTATIONS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let times = 1 + random(4); times > 0; times--) copy[random(copy.length)] = random(256);
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let times = 1 + random(3); times > 0; times--) {
      copy[random(copy.length)] = EDGES[random(EDGES.length)] ?? 0;
    }
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random(copy.length);
    copy.fill(random(2) === 0 ? 0xff : 0x7f, at, Math.min(copy.length, at + 1 + random(5)));
    return copy;
  },
  (bytes, random) => {
    const at = random(bytes.length);
    const more = Buffer.alloc(1 + random(40), random(256));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
  },
];

/** A copy that went wrong in one of these ways. `random` gives numbers in [0, 1). */
export function breakFrame(bytes: Buffer, random: () => number): Buffer {
  const below: Random = (bound) => Math.floor(random() * bound);
  const mutate = MUTATIONS[below(MUTATIONS.length)];
  if (mutate === undefined) throw new Error('there is a mutation for each number below their count');
  return mutate(bytes, below);
}
