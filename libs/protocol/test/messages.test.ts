import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  apiByKey,
  apis,
  ByteReader,
  ByteWriter,
  LEFT_OUT,
  type Encodable,
  type Fields,
  type Message,
} from '../src/index.js';
import { DATA_MESSAGES } from './oracle/data-messages.js';
import { dataFixtures, kafkaMessages, messageFixtures } from './oracle/fixtures.js';
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

describe('tagged fields that no table knows', () => {
  const UNKNOWN = { tag: 10_000, data: Uint8Array.of(1, 2, 3) };

  /** The value with an unknown tag in each of its structs. */
  function withTags(fields: Fields, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const tagged = Object.entries(value).map(([name, item]) => {
      const spec = fields[name];
      const inner = spec?.fields ?? spec?.element?.fields;
      if (inner === undefined || item === null) return [name, item];
      const one = (struct: unknown): unknown => withTags(inner, struct as Record<string, unknown>);
      return [name, Array.isArray(item) ? item.map(one) : one(item)];
    });
    return { ...Object.fromEntries(tagged), unknownTags: [UNKNOWN] };
  }

  test('survive decoding and encoding in every struct of every flexible version', () => {
    let checked = 0;
    for (const { key, kind, version, json, content } of fixtures) {
      const message = apiByKey(key)?.[kind] as unknown as Message<Fields>;
      if (content !== 'filled' || !message.isFlexible(version)) continue;
      const value = withTags(message.fields, toValue(message.fields, json));
      const hex = encode(message, version, value);
      const decoded = message.decode(version, new ByteReader(Buffer.from(hex, 'hex')));
      const where = `${message.name} ${version}`;
      assert.deepEqual(restrict(decoded, value as JsonObject), value, where);
      assert.equal(encode(message, version, decoded), hex, where);
      checked += 1;
    }
    assert.ok(checked > 200, `${checked} messages`);
  });
});

describe('headers, what consumers embed, what stands in the log', () => {
  for (const message of DATA_MESSAGES) {
    const own = dataFixtures().filter(({ name }) => name === message.name);
    test(`${message.name} ${message.minVersion}-${message.maxVersion}`, () => {
      assert.equal(own.length, 2 * (message.maxVersion - message.minVersion + 1));
      for (const { version, json, hex } of own) check(message, version, json, hex, `version ${version}`);
    });
  }
});

describe('every message that Kafka 4.1.1 defines', () => {
  const tables = new Map<string, Message<Fields>>(
    [...Object.values(apis).flatMap(({ request, response }) => [request, response]), ...DATA_MESSAGES].map(
      (message) => [message.name, message as unknown as Message<Fields>],
    ),
  );
  const leftOut = LEFT_OUT.flatMap(({ names }) => names);
  const isLeftOut = (name: string): boolean =>
    leftOut.includes(name) || leftOut.includes(name.replace(/(Request|Response)$/, ''));

  test('has a table or is left out with a reason, not both', () => {
    const known = kafkaMessages();
    assert.ok(known.length > 190);
    for (const { name } of known) {
      assert.notEqual(tables.has(name), isLeftOut(name), name);
    }
    for (const name of leftOut) {
      assert.ok(
        known.some((message) => [name, `${name}Request`].includes(message.name)),
        `Kafka has no ${name}`,
      );
    }
  });

  test('has the versions that Kafka serves', () => {
    for (const { name, minVersion, maxVersion } of kafkaMessages()) {
      const table = tables.get(name);
      if (table === undefined || minVersion === undefined) continue;
      assert.deepEqual([table.minVersion, table.maxVersion], [minVersion, maxVersion], name);
    }
  });
});
