import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  decodeDeploymentRecord,
  decodeSecrets,
  deploymentContext,
  encodeDeploymentRecord,
} from '../src/deployment-record.js';
import { EntropyPool } from '../src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../src/crypto/envelope-engine.js';
import { envelopePrefix } from '../src/envelope.js';
import { decodeFence, encodeFence, keyFingerprint } from '../src/fence-record.js';
import { HeldMasterKey } from '../src/master-keys/held-master-key.js';
import { fromHex, toHex } from '../src/hex.js';
import { partitionOfUser, type Binding, type UserRef } from '../src/index.js';
import { encodeKeyRecord, readKeyRecordClaim, unwrapKeyRecord } from '../src/key-record.js';
import { GENERAL_PURPOSE } from '../src/key-scope.js';
import { Purposes } from '../src/purposes.js';
import {
  deploymentName,
  fenceName,
  parseRecordKey,
  restrictionName,
  userKeyName,
} from '../src/record-keys.js';
import { loadSodium } from '../src/crypto/sodium.js';
import { decodeRestriction, encodeRestriction } from '../src/restriction-record.js';
import { decodeRetirement, encodeRetirement } from '../src/retirement-record.js';
import { deriveSubkeys } from '../src/subkeys.js';
import { hashRecordName } from '../src/record-name.js';
import { hashUserId } from '../src/user-ref.js';

interface Vectors {
  inputs: Record<
    | 'masterKey'
    | 'root'
    | 'wrappingKey'
    | 'userKey'
    | 'deploymentId'
    | 'kid'
    | 'nonce'
    | 'newMasterKey'
    | 'newWrappingKey',
    string
  > & {
    epoch: number;
    lifecycle: number;
    revision: number;
    partitionCount: number;
    purpose: string;
    generation: number;
    rotation: number;
    madeAt: number;
    lifetimeSeconds: number;
    erasedAt: number;
    userId: string;
    recordText: string;
  };
  masterKeyFingerprint: string;
  subkeys: Record<
    'user-ref' | 'envelope-header' | 'fence' | 'key-fingerprint' | 'purpose' | 'record-name',
    string
  >;
  recordName: string;
  userRefs: { userId: string; userRef: string; partition: number }[];
  keyRecord: { key: string; value: string };
  fences: { key: string; value: string }[];
  restrictions: { key: string; value: string }[];
  retirement: string;
  purposeTag: string;
  deployment: { key: string; value: string; inTurn: string };
  envelopes: { binding: Binding; plaintext: string; envelope: string }[];
}

// The page's vectors are recomputed by compat/keyring-vectors/spec.py, which shares no code with this library.
const page = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8');
const vectors = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? 'null') as Vectors;
const { inputs } = vectors;
const sodium = await loadSodium();
const subkeys = deriveSubkeys(sodium, fromHex(inputs.root));
const userRef = hashUserId(sodium, subkeys.userRef, inputs.userId);
const name = { userRef, kid: inputs.kid };
const { lifecycle, generation, rotation, madeAt, lifetimeSeconds } = inputs;
const special = { lifecycle, purpose: new Purposes(sodium, subkeys.purpose).tag(inputs.purpose), generation };
const general = { lifecycle, purpose: GENERAL_PURPOSE, generation: 1 };
const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

test('subkeys and master-key fingerprint', () => {
  assert.deepEqual(
    {
      'user-ref': toHex(subkeys.userRef),
      'envelope-header': toHex(subkeys.envelopeHeader),
      fence: toHex(subkeys.fence),
      'key-fingerprint': toHex(subkeys.fingerprint),
      purpose: toHex(subkeys.purpose),
      'record-name': toHex(subkeys.recordName),
    },
    vectors.subkeys,
  );
  assert.equal(
    new HeldMasterKey(sodium, 1, fromHex(inputs.masterKey)).fingerprint,
    vectors.masterKeyFingerprint,
  );
});

test('userRefs and partitions', () => {
  assert.ok(vectors.userRefs.length >= 4);
  for (const vector of vectors.userRefs) {
    assert.equal(hashUserId(sodium, subkeys.userRef, vector.userId), vector.userRef);
    assert.equal(partitionOfUser(vector.userRef as UserRef, inputs.partitionCount), vector.partition);
  }
});

test('the name of a record', () => {
  assert.equal(hashRecordName(sodium, subkeys.recordName, userRef, inputs.recordText), vectors.recordName);
});

test('key record', () => {
  const wrapping = { epoch: inputs.epoch, key: fromHex(inputs.wrappingKey) };
  const value = fromHex(vectors.keyRecord.value);
  const facts = { ...special, rotation, madeAt, lifetimeSeconds };
  const made = encodeKeyRecord(sodium, wrapping, name, facts, fromHex(inputs.nonce), fromHex(inputs.userKey));
  assert.equal(toHex(made), vectors.keyRecord.value);
  assert.equal(ascii(userKeyName(userRef, inputs.kid)), vectors.keyRecord.key);
  assert.deepEqual(readKeyRecordClaim(value), { ...facts, epoch: inputs.epoch });
  assert.deepEqual(unwrapKeyRecord(sodium, wrapping, name, value), fromHex(inputs.userKey));
});

test('fences, of a user and of a purpose', () => {
  for (const [index, scope] of [general, special].entries()) {
    const vector = vectors.fences[index];
    assert.ok(vector);
    const fence = {
      userRef,
      ...scope,
      erasedAt: inputs.erasedAt,
      fingerprints: [keyFingerprint(sodium, subkeys.fingerprint, fromHex(inputs.userKey))],
    };
    assert.equal(toHex(encodeFence(sodium, subkeys.fence, fence)), vector.value);
    assert.deepEqual(decodeFence(sodium, subkeys.fence, userRef, fromHex(vector.value)), fence);
    assert.equal(ascii(fenceName(userRef, scope)), vector.key);
    assert.deepEqual(parseRecordKey(vector.key), { kind: 'fence', userRef, ...scope });
  }
});

test('retirement and purpose', () => {
  assert.equal(special.purpose, vectors.purposeTag);
  const retirement = { ...special, retiredAt: inputs.erasedAt };
  const made = encodeRetirement(sodium, subkeys.fence, name, retirement);
  assert.equal(toHex(made), vectors.retirement);
  assert.deepEqual(decodeRetirement(sodium, subkeys.fence, name, made), retirement);
});

test('restrictions, one that stands and one that was lifted', () => {
  assert.equal(vectors.restrictions.length, 2);
  for (const [index, isRestricted] of [true, false].entries()) {
    const vector = vectors.restrictions[index];
    assert.ok(vector);
    const said = { lifecycle, isRestricted, at: inputs.erasedAt };
    assert.equal(toHex(encodeRestriction(sodium, subkeys.fence, userRef, said)), vector.value);
    assert.deepEqual(decodeRestriction(sodium, subkeys.fence, userRef, fromHex(vector.value)), said);
    assert.equal(ascii(restrictionName(userRef, lifecycle)), vector.key);
    assert.deepEqual(parseRecordKey(vector.key), { kind: 'restriction', userRef, lifecycle });
  }
});

test('deployment record', async () => {
  const masterKey = new HeldMasterKey(sodium, inputs.epoch, fromHex(inputs.masterKey));
  const record = decodeDeploymentRecord(fromHex(vectors.deployment.value));
  assert.ok(record);
  assert.equal(record.revision, inputs.revision);
  const context = deploymentContext(inputs.deploymentId, record);
  const plain = masterKey.unwrap(context, record.wrapped);
  assert.ok(plain);
  assert.deepEqual(decodeSecrets(plain), {
    root: fromHex(inputs.root),
    partitionCount: inputs.partitionCount,
    wrappingKeys: [{ epoch: inputs.epoch, key: fromHex(inputs.wrappingKey) }],
  });
  assert.equal(toHex(encodeDeploymentRecord(record)), vectors.deployment.value);
  assert.equal(ascii(deploymentName(inputs.deploymentId)), vectors.deployment.key);
});

test('deployment record of a turn: it carries the one before, and opens with the new master key alone', () => {
  const newMasterKey = new HeldMasterKey(sodium, inputs.epoch + 1, fromHex(inputs.newMasterKey));
  const record = decodeDeploymentRecord(fromHex(vectors.deployment.inTurn));
  assert.ok(record?.turn);
  assert.equal(record.revision, inputs.revision + 1);
  assert.equal(record.turn.isInForce, true);
  assert.equal(toHex(record.turn.before), vectors.deployment.value);
  const plain = newMasterKey.unwrap(deploymentContext(inputs.deploymentId, record), record.wrapped);
  assert.ok(plain);
  assert.deepEqual(decodeSecrets(plain), {
    root: fromHex(inputs.root),
    partitionCount: inputs.partitionCount,
    wrappingKeys: [{ epoch: inputs.epoch + 1, key: fromHex(inputs.newWrappingKey) }],
  });
  assert.equal(toHex(encodeDeploymentRecord(record)), vectors.deployment.inTurn);
  const announced = { ...record, turn: { ...record.turn, isInForce: false } };
  assert.equal(newMasterKey.unwrap(deploymentContext(inputs.deploymentId, announced), record.wrapped), null);
  const bytes = fromHex(vectors.deployment.inTurn);
  for (const length of [21, 23, 24, bytes.length - record.turn.before.length]) {
    assert.equal(decodeDeploymentRecord(bytes.subarray(0, length)), null, `cut to ${length}`);
  }
});

test('envelopes, on both paths, sealed and opened', () => {
  const nonces = { fill: (target: Uint8Array) => target.set(fromHex(inputs.nonce)) };
  assert.ok(vectors.envelopes.length >= 2);
  for (const [index, vector] of vectors.envelopes.entries()) {
    const prefix = envelopePrefix(name, index === 0 ? general : special);
    const key = { key: fromHex(inputs.userKey), prefix };
    const plaintext = fromHex(vector.plaintext);
    // A fresh pool each, because its first bytes are the vector's nonce.
    const engine = () => new EnvelopeEngine(sodium, subkeys.envelopeHeader, new EntropyPool(nonces));
    assert.equal(toHex(engine().seal(key, vector.binding, plaintext)), vector.envelope);
    assert.equal(toHex(engine().sealPlainly(key, vector.binding, plaintext)), vector.envelope);
    const envelope = fromHex(vector.envelope);
    assert.equal(engine().isHeaderAuthentic(envelope), true);
    assert.deepEqual(engine().open(key, vector.binding, envelope), plaintext);
    assert.deepEqual(engine().openPlainly(key, vector.binding, envelope), plaintext);
  }
});
