import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  apiByKey,
  apis,
  ByteReader,
  ByteWriter,
  type Decoded,
  type Fields,
  type Message,
} from '../src/index.js';
import { messageFixtures } from './oracle/fixtures.js';
import { restrict, toValue } from './oracle/to-value.js';

const fixtures = messageFixtures();

function encode(message: Message<Fields>, version: number, value: unknown): string {
  const writer = new ByteWriter();
  message.encode(version, writer, value as Decoded<Fields>);
  return Buffer.from(writer.finish()).toString('hex');
}

describe("every API in every version against Kafka's own bytes", () => {
  for (const api of Object.values(apis)) {
    for (const kind of ['request', 'response'] as const) {
      const message = api[kind] as unknown as Message<Fields>;
      const own = fixtures.filter((fixture) => fixture.key === api.key && fixture.kind === kind);

      test(`${message.name} ${message.minVersion}-${message.maxVersion}`, () => {
        const versions = new Set(own.map(({ version }) => version));
        assert.equal(versions.size, message.maxVersion - message.minVersion + 1);
        for (const { version, json, hex, content } of own) {
          const where = `version ${version}, ${content}`;
          const bytes = Buffer.from(hex, 'hex');
          const reader = new ByteReader(bytes);
          const decoded = message.decode(version, reader);
          const value = toValue(message.fields, json);
          assert.equal(reader.remaining, 0, where);
          assert.deepEqual(restrict(decoded, json), value, where);
          assert.equal(encode(message, version, value), hex, where);
          assert.equal(encode(message, version, decoded), hex, where);
        }
      });
    }
  }
});

test('the fixtures speak of no API that has no table', () => {
  for (const { key } of fixtures) assert.ok(apiByKey(key), `API ${key}`);
});
