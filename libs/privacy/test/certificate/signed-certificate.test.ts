import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkLinks,
  checkSignature,
  readCertificate,
  signCertificate,
  type ReadCertificate,
} from '../../src/certificate/signed-certificate.js';
import { signerOfSeed, TrustedKey } from '../../src/certificate/signing-key.js';
import { PrivacyError, type PrivacyErrorCode } from '../../src/errors.js';

const signer = signerOfSeed(new Uint8Array(32).fill(7));
const stranger = signerOfSeed(new Uint8Array(32).fill(8));
const trusted = [new TrustedKey(stranger.publicKey), new TrustedKey(signer.publicKey)];
const first = {
  version: 1,
  number: 1,
  previous: null,
  partitions: [{ partition: 3, from: '0', to: '42' }],
} as const;

const failsWith =
  (code: PrivacyErrorCode, naming = /./) =>
  (error: unknown): boolean =>
    error instanceof PrivacyError && error.code === code && naming.test(error.message);

/** Whatever its body states. */
function verifyCertificate(file: Uint8Array, keys: readonly TrustedKey[]): ReadCertificate {
  const certificate = readCertificate(file);
  checkSignature(certificate, keys);
  return certificate;
}

function verifyChain(files: readonly Uint8Array[], keys: readonly TrustedKey[]): ReadCertificate[] {
  const chain = files.map((file) => verifyCertificate(file, keys));
  checkLinks(chain);
  return chain;
}

async function chainOf(length: number): Promise<Uint8Array[]> {
  const files: Uint8Array[] = [];
  let previous: string | null = null;
  for (let number = 1; number <= length; number++) {
    const file: Uint8Array = await signCertificate({ version: 1, number, previous, state: 'erased' }, signer);
    previous = readCertificate(file).digest;
    files.push(file);
  }
  return files;
}

test('what was signed is read again, and is canonical: the example of RFC 8785, section 3.2.3', async () => {
  const example = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/',
    literals: [null, true, false],
  };
  const file = await signCertificate({ version: 1, number: 1, previous: null, example }, signer);
  assert.deepEqual(verifyCertificate(file, trusted).body['example'], example);
  assert.ok(
    Buffer.from(file).includes(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ),
  );
});

test('the bytes are those that PyNaCl signed by hand', async () => {
  const file =
    '{"body":{"number":1,"partitions":[{"from":"0","partition":3,"to":"42"}],"previous":null,"version":1},"key":"fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889","signature":"8b2a717404e3d082b3c79c7808f9b975a78e20e13fc0b58ecbde287c6c474e09b55a891a407f00beba5780f53380c82c412e993b6f879b2fea4b817f25e6eb03"}';
  assert.equal(Buffer.from(await signCertificate(first, signer)).toString('utf8'), file);
});

test('bad input: a certificate with any byte changed, taken away or added is refused', async () => {
  const file = Buffer.from(await signCertificate(first, signer));
  const isRefused = (changed: Uint8Array): void => {
    assert.throws(() => verifyCertificate(changed, trusted), PrivacyError);
  };
  verifyCertificate(file, trusted);
  for (let at = 0; at < file.length; at++) {
    for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ mask;
      isRefused(changed);
    }
    isRefused(Buffer.concat([file.subarray(0, at), file.subarray(at + 1)]));
    isRefused(Buffer.concat([file.subarray(0, at), Buffer.from(' '), file.subarray(at)]));
    isRefused(file.subarray(0, at));
  }
  isRefused(Buffer.concat([file, Buffer.from('\n')]));
});

test('bad input: another spelling of the same certificate is refused', async () => {
  const text = Buffer.from(await signCertificate(first, signer)).toString('utf8');
  const hex = /"signature":"([0-9a-f]+)"/.exec(text)?.[1] ?? '';
  for (const other of [
    text.replace(hex, hex.toUpperCase()),
    text.replace('"number":1', '"number":1.0'),
    text.replace('"number":1', '"number":1,"number":1'),
    text.replace('"body"', '"\\u0062ody"'),
    text.replace('"key"', '"extra":1,"key"'),
    JSON.stringify(JSON.parse(text), null, 1),
    `\ufeff${text}`,
  ]) {
    assert.notEqual(other, text);
    assert.throws(() => verifyCertificate(Buffer.from(other), trusted), failsWith('CERTIFICATE_MALFORMED'));
  }
});

test('a certificate proves nothing by its own word: the key must be trusted, and must have signed it as a certificate', async () => {
  const file = await signCertificate(first, signer);
  assert.throws(() => verifyCertificate(file, []), failsWith('CERTIFICATE_KEY_UNTRUSTED'));
  assert.throws(
    () => verifyCertificate(file, [new TrustedKey(stranger.publicKey)]),
    failsWith('CERTIFICATE_KEY_UNTRUSTED'),
  );
  const claimed = { publicKey: signer.publicKey, sign: (message: Uint8Array) => stranger.sign(message) };
  assert.throws(() => verifyCertificate(Buffer.alloc(0), trusted), failsWith('CERTIFICATE_MALFORMED'));
  const forged = await signCertificate(first, claimed);
  assert.throws(() => verifyCertificate(forged, trusted), failsWith('CERTIFICATE_FORGED', /certificate 1/));
  const elsewhere = {
    publicKey: signer.publicKey,
    sign: (message: Uint8Array) => signer.sign(message.subarray('oubliette/certificate/v1\n'.length)),
  };
  const moved = await signCertificate(first, elsewhere);
  assert.throws(() => verifyCertificate(moved, trusted), failsWith('CERTIFICATE_FORGED'));
});

test('bad input: a chain with a link missing, moved or from another chain names it', async () => {
  const chain = await chainOf(5);
  assert.equal(verifyChain(chain, trusted).length, 5);
  for (let gone = 0; gone < 4; gone++) {
    const others = chain.filter((_, index) => index !== gone);
    assert.throws(
      () => verifyChain(others, trusted),
      failsWith('CERTIFICATE_CHAIN_BROKEN', new RegExp(`certificate ${gone + 1} is missing`)),
    );
  }
  const [one, two, three] = chain;
  const other = await signCertificate(
    { version: 1, number: 2, previous: '0'.repeat(64), state: 'erased' },
    signer,
  );
  assert.throws(
    () =>
      verifyChain(
        [one, other, three].flatMap((file) => file ?? []),
        trusted,
      ),
    failsWith('CERTIFICATE_CHAIN_BROKEN', /certificate 2 was not made behind the certificate 1/),
  );
  const digest = readCertificate(one ?? other).digest;
  const skipped = await signCertificate({ version: 1, number: 3, previous: digest }, signer);
  assert.throws(
    () => verifyChain([one ?? other, skipped], trusted),
    failsWith('CERTIFICATE_CHAIN_BROKEN', /certificate 2 is missing: 3/),
  );
  assert.throws(() => verifyChain([two ?? one ?? other], trusted), failsWith('CERTIFICATE_CHAIN_BROKEN'));
});

test('bad input: what cannot be a certificate is refused when it is to be signed or read', async () => {
  const unsignable = [{ value: Number.NaN }, { value: '\ud800' }, { value: 1n }];
  for (const odd of unsignable) {
    await assert.rejects(signCertificate({ ...first, ...odd }, signer), failsWith('CERTIFICATE_MALFORMED'));
  }
  for (const body of [
    { version: 2, number: 1, previous: null },
    { version: 1, number: 0, previous: null },
    { version: 1, number: 1.5, previous: null },
    { version: 1, number: 2, previous: null },
    { version: 1, number: 1, previous: 'ab'.repeat(32) },
    { version: 1, number: 2, previous: 'AB'.repeat(32) },
  ]) {
    const file = await signCertificate(body as typeof first, signer);
    assert.throws(() => readCertificate(file), failsWith('CERTIFICATE_MALFORMED'), JSON.stringify(body));
  }
});

test('a backslash before what looks like an escape is text', async () => {
  const file = await signCertificate({ ...first, text: '\\\\ud800 \\ud800' }, signer);
  assert.equal(verifyCertificate(file, trusted).body['text'], '\\\\ud800 \\ud800');
});

test('any JSON is read as it was signed, and no bytes crash the reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (anything) => {
      const file = await signCertificate({ ...first, anything }, signer);
      assert.deepEqual(
        verifyCertificate(file, trusted).body['anything'],
        JSON.parse(JSON.stringify(anything)),
      );
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      assert.throws(() => readCertificate(noise), failsWith('CERTIFICATE_MALFORMED'));
    }),
  );
});
