import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  apiByKey,
  apis,
  ByteReader,
  ByteWriter,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  requestHeader,
  responseHeader,
  type Encodable,
  type Fields,
  type Message,
} from '../src/index.js';
import { dataFixtures, messageFixtures } from './oracle/fixtures.js';
import type { JsonObject } from './oracle/random-message.js';
import { restrict, toValue } from './oracle/to-value.js';

const fixtures = messageFixtures();

function encode(message: Message<Fields>, version: number, value: unknown): string {
  const writer = new ByteWriter();
  message.encode(version, writer, value as Encodable<Fields>);
  return Buffer.from(writer.finish()).toString('hex');
}

function check(
  message: Message<Fields>,
  version: number,
  json: JsonObject,
  hex: string,
  where: string,
): void {
  const reader = new ByteReader(Buffer.from(hex, 'hex'));
  const decoded = message.decode(version, reader);
  const value = toValue(message.fields, json);
  assert.equal(reader.remaining, 0, where);
  assert.deepEqual(restrict(decoded, json), value, where);
  assert.equal(encode(message, version, value), hex, where);
  assert.equal(encode(message, version, decoded), hex, where);
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
          check(message, version, json, hex, `version ${version}, ${content}`);
        }
      });
    }
  }
});

test('the fixtures speak of no API that has no table', () => {
  for (const { key } of fixtures) assert.ok(apiByKey(key), `API ${key}`);
});

describe('headers and what consumers embed', () => {
  for (const table of [
    requestHeader,
    responseHeader,
    consumerProtocolSubscription,
    consumerProtocolAssignment,
  ]) {
    const message = table as unknown as Message<Fields>;
    const own = dataFixtures().filter(({ name }) => name === message.name);
    test(`${message.name} ${message.minVersion}-${message.maxVersion}`, () => {
      assert.equal(own.length, 2 * (message.maxVersion - message.minVersion + 1));
      for (const { version, json, hex } of own) check(message, version, json, hex, `version ${version}`);
    });
  }
});
