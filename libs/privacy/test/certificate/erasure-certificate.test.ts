import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { CertificateRegister } from '../../src/certificate/certificate-register.js';
import { verifyCertificate, verifyChain } from '../../src/certificate/erasure-certificate.js';
import { signCertificate, type ChainedBody } from '../../src/certificate/signed-certificate.js';
import { signerOfSeed, TrustedKey } from '../../src/certificate/signing-key.js';
import { PrivacyError, type PrivacyErrorCode } from '../../src/errors.js';
import { InMemoryStores, requestedErasure } from '../../src/testing/index.js';

const signer = signerOfSeed(new Uint8Array(32).fill(3));
const stranger = signerOfSeed(new Uint8Array(32).fill(4));
const trusted = [new TrustedKey(signer.publicKey)];
const failsWith =
  (code: PrivacyErrorCode, naming = /./) =>
  (error: unknown): boolean =>
    error instanceof PrivacyError && error.code === code && naming.test(error.message);

async function chainOf(length: number): Promise<Buffer[]> {
  const { erasures, certificates: store, acknowledgements } = new InMemoryStores();
  const register = new CertificateRegister({
    store,
    erasures,
    acknowledgements,
    signer,
    clock: new ManualClock(),
  });
  const files: Buffer[] = [];
  for (let user = 0; user < length; user++) {
    const userRef = `${user}`.padStart(32, '0') as never;
    const { erasureId } = await erasures.open(requestedErasure({ erasureId: `e-${user}`, userRef }));
    files.push(Buffer.from((await register.certificateOf(erasureId)).file));
  }
  return files;
}

/** A certificate with something else in its body, signed by the same key, or by another one in its name. */
async function signedAnew(change: (text: string) => string, by = signer): Promise<Uint8Array> {
  const [file = Buffer.alloc(0)] = await chainOf(1);
  const { body } = verifyCertificate(file, trusted);
  const text = JSON.stringify(body);
  const changed = change(text);
  assert.notEqual(changed, text);
  const claimed = { publicKey: signer.publicKey, sign: (message: Uint8Array) => by.sign(message) };
  return signCertificate(JSON.parse(changed) as ChainedBody, claimed);
}

test('bad input: what a trusted key signed is refused where a member is missing, added or of another shape', async () => {
  const changes: [from: string, to: string][] = [
    ['"lifecycle":1', '"lifecycle":0'],
    ['"lifecycle":1', '"lifecycle":1.5'],
    ['"lifecycle":1', '"lifecycle":9007199254740992'],
    ['"lifecycle":1', '"lifecycle":1,"constructor":1'],
    ['"lifecycle":1', '"lifecycle":1,"__proto__":1'],
    ['"lifecycle":1,', ''],
    ['"kind":"erasure"', '"kind":"erasure","__proto__":{}'],
    ['"boundMs":null', '"boundMs":-1'],
    ['"boundMs":null', '"boundMs":1e300'],
    ['"keys":null', `"keys":${'['.repeat(200)}${']'.repeat(200)}`],
    ['"erasedAt":null', '"erasedAt":""'],
  ];
  for (const moment of [
    '2023-02-29T22:13:20.000Z',
    '2023-11-14T24:00:00.000Z',
    '2023-11-14T22:13:60.000Z',
    '2023-11-14T22:13:20Z',
    '2023-11-14t22:13:20.000z',
    '2023-11-14T22:13:20.000+00:00',
    '1969-12-31T23:59:59.999Z',
    '0000-01-01T00:00:00.000Z',
    '+010000-01-01T00:00:00.000Z',
  ])
    changes.push(['"requestedAt":"2023-11-14T22:13:20.000Z"', `"requestedAt":"${moment}"`]);
  for (const [from, to] of changes) {
    const file = await signedAnew((text) => text.replace(from, to));
    assert.throws(() => verifyCertificate(file, trusted), failsWith('CERTIFICATE_MALFORMED'), to);
  }
});

test('the shape is looked at first, then the key, then the signature', async () => {
  const shapeless = await signedAnew((text) => text.replace('"lifecycle":1', '"lifecycle":0'), stranger);
  assert.throws(() => verifyCertificate(shapeless, []), failsWith('CERTIFICATE_MALFORMED'));
  const forged = await signedAnew((text) => text.replace('"lifecycle":1', '"lifecycle":2'), stranger);
  assert.throws(() => verifyCertificate(forged, []), failsWith('CERTIFICATE_KEY_UNTRUSTED'));
  assert.throws(() => verifyCertificate(forged, trusted), failsWith('CERTIFICATE_FORGED'));
  const genuine = await signedAnew((text) => text.replace('"lifecycle":1', '"lifecycle":2'));
  assert.equal(verifyCertificate(genuine, trusted).statement.erasure.lifecycle, 2);
});

test('a chain names the line that is none, before it looks at its order', async () => {
  const [one = Buffer.alloc(0), two = Buffer.alloc(0), three = Buffer.alloc(0)] = await chainOf(3);
  assert.equal(verifyChain([one, two, three], trusted).at(2)?.number, 3);
  const blank = Buffer.from('');
  assert.throws(
    () => verifyChain([one, three, blank], trusted),
    failsWith('CERTIFICATE_MALFORMED', /Line 3 of the chain/),
  );
  assert.throws(
    () => verifyChain([one, three], trusted),
    failsWith('CERTIFICATE_CHAIN_BROKEN', /certificate 2 is missing/),
  );
});
