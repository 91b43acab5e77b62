import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  apis,
  ByteReader,
  iterateBatches,
  iterateRecords,
  KafkaError,
  ProtocolError,
  decodeRequest,
  type Fields,
  type Message,
} from '../src/index.js';
import { batchFixtures, messageFixtures } from './oracle/fixtures.js';

const MESSAGES = Object.values(apis).flatMap(
  ({ request, response }) => [request, response] as unknown as Message<Fields>[],
);
const FIXTURES = messageFixtures()
  .filter(({ content }) => content === 'filled')
  .map(({ key, kind, version, hex }) => ({
    message: Object.values(apis).find((api) => api.key === key)?.[kind] as unknown as Message<Fields>,
    version,
    bytes: Buffer.from(hex, 'hex'),
  }));
const BATCHES = batchFixtures().map(({ hex }) => Buffer.from(hex, 'hex'));

/** Runs the decoder; anything but a value or a ProtocolError is a failure. */
function decodes(message: Message<Fields>, version: number, bytes: Uint8Array): 'value' | 'refused' {
  try {
    message.decode(version, new ByteReader(bytes));
    return 'value';
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${message.name} ${version}: ${String(error)}`);
    return 'refused';
  }
}

const mutation = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });

function mutated(bytes: Uint8Array, mutations: readonly { at: number; byte: number }[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const { at, byte } of mutations) copy[at % copy.length] = byte;
  return copy;
}

describe('bytes that nobody meant', () => {
  test('random bytes give a value or a ProtocolError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MESSAGES),
        fc.nat(),
        fc.uint8Array({ maxLength: 200 }),
        (message, pick, bytes) => {
          const version = message.minVersion + (pick % (message.maxVersion - message.minVersion + 1));
          decodes(message, version, bytes);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('a message with changed bytes gives a value or a ProtocolError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FIXTURES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        ({ message, version, bytes }, mutations) => {
          decodes(message, version, mutated(bytes.length === 0 ? Uint8Array.of(0) : bytes, mutations));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('every truncation of every message is refused', () => {
    for (const { message, version, bytes } of FIXTURES) {
      const step = Math.max(1, Math.floor(bytes.length / 40));
      for (let length = 0; length < bytes.length; length += step) {
        const outcome = decodes(message, version, bytes.subarray(0, length));
        assert.equal(outcome, 'refused', `${message.name} ${version} cut to ${length} of ${bytes.length}`);
      }
    }
  });

  test('random frames with a known API key', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(apis)),
        fc.integer({ min: -2, max: 30 }),
        fc.uint8Array(),
        (api, version, rest) => {
          const head = Buffer.alloc(4);
          head.writeInt16BE(api.key);
          head.writeInt16BE(version, 2);
          try {
            decodeRequest(Buffer.concat([head, rest]));
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('a batch with changed bytes and a matching checksum gives records or a KafkaError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BATCHES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (bytes, mutations) => {
          try {
            for (const batch of iterateBatches(mutated(bytes, mutations), { checkCrc: false })) {
              for (const record of iterateRecords(batch, { maxUncompressedBytes: 1_000_000 }))
                assert.ok(record);
            }
          } catch (error) {
            assert.ok(error instanceof KafkaError, String(error));
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('a length that the frame cannot hold is refused before anything is made of it', () => {
  const overrun = (message: Message<Fields>, version: number, hex: string): void => {
    const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    assert.throws(
      () => message.decode(version, new ByteReader(Buffer.from(hex, 'hex'))),
      (error) => error instanceof ProtocolError && error.code === 'FRAME_OVERRUN',
    );
    const grown = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 5_000_000, `${grown} bytes were allocated`);
  };
  const metadata = apis.metadata.request as unknown as Message<Fields>;
  const syncGroup = apis.syncGroup.response as unknown as Message<Fields>;

  test('array of 2^31 - 1', () => overrun(metadata, 1, '7fffffff0001'));
  test('compact array of 2^32 - 2', () => overrun(metadata, 9, 'ffffffff0f00'));
  test('an array of more elements than bytes', () =>
    overrun(metadata, 1, '00000003 0000 00'.replaceAll(' ', '')));
  test('bytes of 2^31 - 1', () => overrun(syncGroup, 1, '0000000000007fffffff00'));
  test('compact bytes of 2^32 - 2', () => overrun(syncGroup, 4, '000000000000ffffffff0f00'));
  test('tags of 2^32 - 1', () => overrun(syncGroup, 4, '00000000000001ffffffff0f'));
});
