import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, ProtocolError } from '../../src/index.js';
import { breakFrame, ORIGINALS, type Original } from './broken-frame.js';
import { askJava, oraclePaths } from './oracle-process.js';
import { seeded, type JsonObject } from './random-message.js';
import { restrict, toValue } from './to-value.js';

const paths = oraclePaths(process.env);
const skip = paths === null ? 'OUBLIETTE_ORACLE and OUBLIETTE_KAFKA_LIBS are not set' : false;
const SEED = Number(process.env['OUBLIETTE_SEED'] ?? 20_261_122);
const FRAMES = process.env['OUBLIETTE_FULL'] === '1' ? 100_000 : 4_000;

/** What comes of a body: it is read, it is read and bytes are left, or it is refused. */
type Outcome = 'read' | 'left over' | 'refused';

interface Decoded {
  readonly outcome: Outcome;
  readonly value: unknown;
}

function ours({ message, version }: Original, bytes: Buffer): Decoded {
  const reader = new ByteReader(bytes);
  try {
    const value = message.decode(version, reader);
    return { outcome: reader.remaining === 0 ? 'read' : 'left over', value };
  } catch (error) {
    assert.ok(error instanceof ProtocolError);
    return { outcome: 'refused', value: null };
  }
}

function theirs(answer: string): Outcome {
  if (answer.startsWith('{')) return 'read';
  return answer.endsWith('trailing bytes') ? 'left over' : 'refused';
}

/** Kafka's JSON leaves records out, a double can be what it has no word for, and Java counts broken UTF-8 otherwise. */
function isTold(answer: string): boolean {
  return !/"records"|NaN|Infinity|\ufffd/.test(answer);
}

/** Kafka's JSON; numbers that a double cannot hold as strings. */
function parsed(answer: string): JsonObject {
  return JSON.parse(answer.replaceAll(/([:[,])(-?\d{16,})(?=[,\]}])/g, '$1"$2"')) as JsonObject;
}

test(`broken frames come to the same as in Kafka, seed ${SEED}`, { skip, timeout: 600_000 }, async () => {
  assert.ok(paths);
  const random = seeded(SEED);
  const broken: { readonly original: Original; readonly bytes: Buffer }[] = [];
  for (let frame = 0; frame < FRAMES; frame++) {
    const original = ORIGINALS[frame % ORIGINALS.length];
    assert.ok(original);
    const bytes = breakFrame(original.bytes, random);
    // The oracle cannot be asked about nothing.
    if (bytes.length > 0) broken.push({ original, bytes });
  }
  const questions = broken.map(({ original: { key, kind, version }, bytes }) => {
    return `dec ${kind === 'request' ? 'req' : 'res'} ${key} ${version} ${bytes.toString('hex')}`;
  });
  const answers = await askJava(paths.oracle, paths.kafkaLibs, ['batch'], questions);
  const seen = { read: 0, 'left over': 0, refused: 0 };
  for (const [index, { original, bytes }] of broken.entries()) {
    const answer = answers[index] ?? '';
    const where = `${original.message.name} ${original.version}: ${questions[index]}`;
    const { outcome, value } = ours(original, bytes);
    assert.equal(outcome, theirs(answer), where);
    seen[outcome] += 1;
    if (outcome !== 'read' || !isTold(answer)) continue;
    const json = parsed(answer);
    assert.deepEqual(restrict(value, json), toValue(original.message.fields, json), where);
  }
  assert.ok(seen.read > FRAMES / 10 && seen.refused > FRAMES / 4, JSON.stringify(seen));
});
