// Writes test/fixtures/*.jsonl from Apache Kafka's own classes:
//   OUBLIETTE_ORACLE=…/Oracle.java OUBLIETTE_KAFKA_LIBS=…/libs node libs/protocol/dist/test/oracle/make-fixtures.js
import { writeFileSync } from 'node:fs';
import { apis } from '../../src/index.js';
import { BATCHES, batchQuestion, MARKERS, type BatchFixture, type MarkerFixture } from './batches.js';
import { DATA_MESSAGES } from './data-messages.js';
import { PROTOCOL_ORACLE, loadKafkaSchemas } from './kafka-schema.js';
import type { DataFixture, KafkaMessageName, MessageFixture } from './message-fixture.js';
import { askJava, oraclePaths, type OraclePaths } from './oracle-process.js';
import { fillMessage, seeded, toKafkaJson, type JsonObject } from './random-message.js';

const FIXTURES = new URL('../../../test/fixtures/', import.meta.url);
const RECORDS = Buffer.from('any bytes: a message does not look into its records');

async function makeMessages(paths: OraclePaths): Promise<MessageFixture[]> {
  const names = Object.values(apis).flatMap(({ name }) => [`${name}Request`, `${name}Response`]);
  const schemas = await loadKafkaSchemas(paths, names);
  const wanted: { question: string; fixture: Omit<MessageFixture, 'hex'> }[] = [];
  for (const api of Object.values(apis)) {
    for (const kind of ['request', 'response'] as const) {
      const schema = schemas.get(api[kind].name);
      if (schema === undefined) throw new Error(`Kafka's jar has no ${api[kind].name}`);
      const side = kind === 'request' ? 'req' : 'res';
      for (let version = api[kind].minVersion; version <= api[kind].maxVersion; version++) {
        const contents = {
          defaults: { elements: 0, nulls: 0 },
          filled: { elements: 2, nulls: 0 },
          nulls: { elements: 1, nulls: 1 },
        };
        for (const [content, options] of Object.entries(contents)) {
          const random = seeded(api.key * 1000 + version * 10 + options.elements);
          const json =
            content === 'defaults'
              ? {}
              : fillMessage(schema, version, random, { ...options, records: RECORDS });
          const question =
            content === 'defaults'
              ? `def ${side} ${api.key} ${version}`
              : `enc ${side} ${api.key} ${version} ${toKafkaJson(schema, json)}`;
          const fixture = {
            key: api.key,
            version,
            kind,
            content: content as MessageFixture['content'],
            json,
          };
          wanted.push({ question, fixture });
        }
      }
    }
  }
  const ask = (questions: string[]): Promise<string[]> =>
    askJava(paths.oracle, paths.kafkaLibs, ['batch'], questions);
  const answers = await ask(wanted.map(({ question }) => question));
  // "def" answers with JSON: its bytes are a second question.
  const encodings = wanted.map(({ question, fixture }, index) =>
    fixture.content === 'defaults' ? question.replace('def', 'enc') + ` ${answers[index]}` : null,
  );
  const hexes = await ask(encodings.filter((line) => line !== null));
  return wanted.map(({ fixture }, index) => {
    const answer = answers[index] ?? 'ERR';
    if (fixture.content !== 'defaults') return checked({ ...fixture, hex: answer });
    const json = JSON.parse(answer.replace(/:(-?\d{16,})/g, ':"$1"')) as JsonObject;
    return checked({ ...fixture, json, hex: hexes.shift() ?? 'ERR' });
  });
}

function checked(fixture: MessageFixture): MessageFixture {
  if (!/^[0-9a-f]*$/.test(fixture.hex)) {
    throw new Error(
      `Kafka refuses ${fixture.kind} ${fixture.key} version ${fixture.version}: ${fixture.hex}`,
    );
  }
  return fixture;
}

async function makeData(paths: OraclePaths): Promise<DataFixture[]> {
  const schemas = await loadKafkaSchemas(
    paths,
    DATA_MESSAGES.map(({ name }) => name),
  );
  const wanted = DATA_MESSAGES.flatMap(({ name, minVersion, maxVersion }) => {
    const schema = schemas.get(name);
    if (schema === undefined) throw new Error(`Kafka's jar has no ${name}`);
    const versions = Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => minVersion + index);
    return versions.flatMap((version) =>
      [0, 1].map((nulls) => {
        const random = seeded(version);
        const json = fillMessage(schema, version, random, { elements: 2, nulls, records: RECORDS });
        return { name, version, json, question: `data ${name} ${version} ${toKafkaJson(schema, json)}` };
      }),
    );
  });
  const questions = wanted.map(({ question }) => question);
  const hexes = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], questions);
  return wanted.map(({ name, version, json }, index) => {
    const hex = hexes[index] ?? 'ERR';
    if (!/^[0-9a-f]+$/.test(hex)) throw new Error(`Kafka refuses ${name} version ${version}: ${hex}`);
    return { name, version, json, hex };
  });
}

async function makeBatches(paths: OraclePaths): Promise<BatchFixture[]> {
  const hexes = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], BATCHES.map(batchQuestion));
  return BATCHES.map((batch, index) => ({ batch, hex: hexes[index] ?? '' }));
}

async function makeMarkers(paths: OraclePaths): Promise<MarkerFixture[]> {
  const questions = MARKERS.map((marker) => `marker ${JSON.stringify(marker)}`);
  const hexes = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], questions);
  return MARKERS.map((marker, index) => ({ marker, hex: hexes[index] ?? '' }));
}

async function makeNames(paths: OraclePaths): Promise<KafkaMessageName[]> {
  const [answer] = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], ['messages']);
  return JSON.parse(answer ?? '') as KafkaMessageName[];
}

/** One fixture a line. */
function write(name: string, fixtures: readonly unknown[]): void {
  writeFileSync(new URL(name, FIXTURES), fixtures.map((fixture) => `${JSON.stringify(fixture)}\n`).join(''));
}

const paths = oraclePaths(process.env);
if (paths === null) {
  throw new Error(
    "set OUBLIETTE_ORACLE to the oracle's Java source and OUBLIETTE_KAFKA_LIBS to a directory of Kafka's jars",
  );
}
const messages = await makeMessages(paths);
write('messages.jsonl', messages);
write('data.jsonl', await makeData(paths));
write('batches.jsonl', await makeBatches(paths));
write('markers.jsonl', await makeMarkers(paths));
write('kafka-messages.jsonl', await makeNames(paths));
process.stdout.write(`${messages.length} messages, ${BATCHES.length} batches\n`);
