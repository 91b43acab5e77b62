import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { ManualClock } from '@oubliette/runtime/testing';
import { CertificateRegister } from '../../src/certificate/certificate-register.js';
import { readStatement, userCommitment } from '../../src/certificate/erasure-statement.js';
import { verifyCertificate, verifyChain } from '../../src/certificate/erasure-certificate.js';
import { signerOfSeed, TrustedKey, type CertificateSigner } from '../../src/certificate/signing-key.js';
import { InMemoryStores, requestedErasure } from '../../src/testing/index.js';

const userRef = 'ab'.repeat(16) as UserRef;
const signer = signerOfSeed(new Uint8Array(32).fill(3));
const trusted = [new TrustedKey(signer.publicKey)];
const files = (chain: readonly { file: string }[]): Buffer[] => chain.map(({ file }) => Buffer.from(file));

async function stage() {
  const stores = new InMemoryStores();
  const clock = new ManualClock();
  const register = () => new CertificateRegister({ ...stores, store: stores.certificates, signer, clock });
  const erasure = await stores.erasures.open(requestedErasure({ erasureId: 'e-1', userRef }));
  return { stores, clock, register, erasure };
}

test('a certificate says how the erasure stands, signed, without the pseudonym', async () => {
  const { stores, register, erasure } = await stage();
  const forgotten = {
    ...erasure,
    revision: 1,
    state: 'forgotten' as const,
    forgottenAt: erasure.requestedAt + 5,
    keys: { partition: 2, fingerprints: ['0f'.repeat(16)] },
    boundMs: 7_000.2,
    extension: { at: erasure.requestedAt + 1, reason: 'many requests' },
    hold: { at: erasure.requestedAt + 2, reason: 'case 12', liftedAt: erasure.requestedAt + 4 },
    note: 'not for a certificate',
  };
  await stores.erasures.advance(forgotten);
  const { file } = await register().certificateOf('e-1');
  const { statement } = verifyCertificate(Buffer.from(file), trusted);
  assert.deepEqual(statement.erasure, {
    id: 'e-1',
    user: userCommitment('e-1', userRef),
    lifecycle: 1,
    state: 'forgotten',
    requestedAt: '2023-11-14T22:13:20.000Z',
    forgottenAt: '2023-11-14T22:13:20.005Z',
    erasedAt: null,
  });
  assert.deepEqual(statement.outstanding, ['erasure']);
  assert.deepEqual(statement.deadline, {
    law: 'GDPR Art. 12(3)',
    at: '2023-12-14T22:13:20.000Z',
    extension: { at: '2023-11-14T22:13:20.001Z', reason: 'many requests' },
  });
  assert.deepEqual(statement.hold, {
    at: '2023-11-14T22:13:20.002Z',
    reason: 'case 12',
    liftedAt: '2023-11-14T22:13:20.004Z',
  });
  assert.deepEqual(statement.keys, { partition: 2, fingerprints: ['0f'.repeat(16)] });
  assert.equal(statement.boundMs, 7_001);
  assert.ok(!file.includes(userRef) && !file.includes('not for a certificate'));
});

test('the commitment to the user is that of the specification', () => {
  // printf 'oubliette/certificate/user/v1\ne-1\nabab…\n' | sha256sum
  assert.equal(
    userCommitment('e-1', userRef),
    '524dd7980460dcc382f12ec7bc47e7c0bf34169fd47224cefdab1a93967a5d7f',
  );
});

test('asked again it is the same; when the erasure has moved on, the next in the chain', async () => {
  const { stores, clock, register, erasure } = await stage();
  const first = await register().certificateOf('e-1');
  clock.advance(1_000);
  assert.deepEqual(await register().certificateOf('e-1'), first);
  await stores.erasures.advance({ ...erasure, revision: 1, state: 'erased', erasedAt: 9, forgottenAt: 8 });
  const second = await register().certificateOf('e-1');
  assert.equal(second.number, 2);
  assert.equal(verifyChain(files([first, second]), trusted).length, 2);
  assert.throws(() => verifyChain(files([second]), trusted), { code: 'CERTIFICATE_CHAIN_BROKEN' });
  await assert.rejects(register().certificateOf('e-2'), { code: 'ERASURE_MISSING' });
});

test('many processes that issue at once make one chain', async () => {
  const { stores, register } = await stage();
  const ids = Array.from({ length: 12 }, (_, index) => `e-${index + 10}`);
  for (const [index, erasureId] of ids.entries())
    await stores.erasures.open(
      requestedErasure({ erasureId, userRef: `${index + 10}`.padStart(32, '0') as UserRef }),
    );
  await Promise.all(ids.map((id) => register().certificateOf(id)));
  const chain = await stores.certificates.list(0, 100);
  assert.equal(verifyChain(files(chain), trusted).length, ids.length);
  assert.deepEqual(new Set(chain.map(({ erasureId }) => erasureId)), new Set(ids));
});

test('a signed body that is none of an erasure is malformed, and the place is named', async () => {
  const { register } = await stage();
  const { file } = await register().certificateOf('e-1');
  const { statement } = verifyCertificate(Buffer.from(file), trusted);
  const { boundMs, ...short } = statement;
  assert.equal(boundMs, null);
  assert.throws(() => readStatement(short), { code: 'CERTIFICATE_MALFORMED', message: /boundMs/ });
  const wrong = { ...statement, erasure: { ...statement.erasure, state: 'gone' as const } };
  assert.throws(() => readStatement(wrong), { code: 'CERTIFICATE_MALFORMED', message: /erasure\.state/ });
});

test('what no reader would take is not signed', async () => {
  const { stores, clock } = await stage();
  await stores.erasures.open(
    requestedErasure({ erasureId: 'e-2', userRef: 'cd'.repeat(16) as UserRef, lifecycle: 0 }),
  );
  let signed = 0;
  const counting: CertificateSigner = {
    publicKey: signer.publicKey,
    sign: (message) => {
      signed++;
      return signer.sign(message);
    },
  };
  const register = new CertificateRegister({
    ...stores,
    store: stores.certificates,
    signer: counting,
    clock,
  });
  await assert.rejects(register.certificateOf('e-2'), {
    code: 'CERTIFICATE_MALFORMED',
    message: /erasure\.lifecycle/,
  });
  assert.equal(signed, 0);
  await register.certificateOf('e-1');
  assert.equal(signed, 1);
});

test('a signature that does not fit the public key is not stored', async () => {
  const { stores, clock } = await stage();
  const stranger = signerOfSeed(new Uint8Array(32).fill(4));
  const wrong = [
    (message: Uint8Array) => stranger.sign(message),
    () => signer.sign(Buffer.from('another message')),
  ];
  for (const sign of wrong) {
    const faulty = { publicKey: signer.publicKey, sign };
    const register = new CertificateRegister({
      ...stores,
      store: stores.certificates,
      signer: faulty,
      clock,
    });
    await assert.rejects(register.certificateOf('e-1'), { code: 'CERTIFICATE_SIGNATURE_WRONG' });
  }
  assert.equal(await stores.certificates.last(), null);
});

test('a chain of two keys is whole for who trusts both, and for nobody else', async () => {
  const { stores, clock, register, erasure } = await stage();
  const first = await register().certificateOf('e-1');
  await stores.erasures.advance({ ...erasure, revision: 1, state: 'erased', erasedAt: 9, forgottenAt: 8 });
  const next = signerOfSeed(new Uint8Array(32).fill(4));
  const rotated = new CertificateRegister({ ...stores, store: stores.certificates, signer: next, clock });
  const chain = files([first, await rotated.certificateOf('e-1')]);
  const both = [...trusted, new TrustedKey(next.publicKey)];
  assert.equal(verifyChain(chain, both).length, 2);
  for (const one of both)
    assert.throws(() => verifyChain(chain, [one]), { code: 'CERTIFICATE_KEY_UNTRUSTED' });
});
