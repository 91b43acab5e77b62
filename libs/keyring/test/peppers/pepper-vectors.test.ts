import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadSodium } from '../../src/crypto/sodium.js';
import { fromHex, toHex } from '../../src/hex.js';
import { lookupHash } from '../../src/peppers/lookup-hash.js';
import { encodePepperRecord, readPepperClaim, unwrapPepperRecord } from '../../src/peppers/pepper-record.js';
import { parseRecordKey, pepperName } from '../../src/record-keys.js';

interface Vectors {
  inputs: Record<'wrappingKey' | 'pepper' | 'nonce' | 'id', string> & {
    epoch: number;
    number: number;
    lookups: [index: string, value: string][];
  };
  record: { key: string; value: string };
  hashes: string[];
}

// The page's vectors were recomputed by compat/keyring-vectors/peppers.py, which shares no code with this library.
const page = readFileSync(new URL('../../../SPEC-PEPPERS.md', import.meta.url), 'utf8');
const { inputs, record, hashes } = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? 'null') as Vectors;
const sodium = await loadSodium();
const pepper = fromHex(inputs.pepper);

test('pepper record', () => {
  const wrapping = { epoch: inputs.epoch, key: fromHex(inputs.wrappingKey) };
  const made = encodePepperRecord(sodium, wrapping, inputs.id, inputs.number, fromHex(inputs.nonce), pepper);
  assert.equal(toHex(made), record.value);
  assert.equal(Buffer.from(pepperName(inputs.id)).toString('latin1'), record.key);
  assert.deepEqual(parseRecordKey(record.key), { kind: 'pepper', id: inputs.id });
  assert.deepEqual(readPepperClaim(made), { epoch: inputs.epoch, number: inputs.number });
  assert.deepEqual(unwrapPepperRecord(sodium, wrapping, inputs.id, made), pepper);
});

test('hashes of look-ups', () => {
  assert.ok(hashes.length >= 4);
  const made = inputs.lookups.map(([index, value]) =>
    lookupHash(sodium, pepper, index, new TextEncoder().encode(value)),
  );
  assert.deepEqual(made, hashes);
});
