import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { CertificateRegister, publicKeyPem } from '@oubliette/privacy';
import { InMemoryStores, requestedErasure, testSigner } from '@oubliette/privacy/testing';
import { ManualClock } from '@oubliette/runtime/testing';
import { oubliette } from '../cli-harness.js';

/** Two certificates of one erasure, the second one whole. */
async function chain() {
  const { erasures, certificates, acknowledgements } = new InMemoryStores();
  const register = new CertificateRegister({
    store: certificates,
    erasures,
    acknowledgements,
    signer: testSigner(),
    clock: new ManualClock(),
  });
  const erasure = await erasures.open(
    requestedErasure({ erasureId: 'e-1', userRef: '0'.repeat(32) as never }),
  );
  await acknowledgements.open(['e-1'], ['crm'], 1);
  const refusal = { outcome: 'refused', reason: 'legal-obligation', text: null } as const;
  await acknowledgements.answer({ erasureId: 'e-1', processor: 'crm', answeredAt: 2, ...refusal });
  const partial = await register.certificateOf('e-1');
  const marks = { topic: 'marks', way: 'tombstone', boundMs: 1, marks: null, evidence: [] } as const;
  await erasures.advance({
    ...erasure,
    revision: 1,
    state: 'erased',
    extension: { at: 3, reason: 'complex' },
    hold: { at: 1, reason: 'case 12', liftedAt: 4 },
    forgottenAt: 5,
    erasedAt: 9,
    topics: [marks, { ...marks, topic: 'clicks', way: 'expiry', evidence: null }],
  });
  return { partial: partial.file, whole: (await register.certificateOf('e-1')).file };
}

const trusted = publicKeyPem(testSigner().publicKey);
const verify = ['certificate', 'verify', '/c/file.json', '--trusted-key', '/c/key.pub'];

test('a genuine certificate, and where it stands in its chain', async () => {
  const { partial, whole } = await chain();
  const files = { '/c/file.json': whole, '/c/key.pub': trusted, '/c/chain': `${partial}\n${whole}\n` };
  const alone = await oubliette(verify, { files });
  assert.equal(alone.code, 0);
  assert.match(alone.out, /^Genuine: certificate 2,.*\nErasure e-1: erased\.\n/);
  assert.match(alone.out, /Deadline extended 1970-01-01T00:00:00\.003Z: complex\.\n/);
  assert.match(alone.out, /Held from 1970-01-01T00:00:00\.001Z to 1970-01-01T00:00:00\.004Z: case 12\.\n/);
  assert.match(alone.out, /topic marks, by tombstone: gone\.\n.*topic clicks, by expiry: not gone yet\.\n/);
  assert.match(alone.out, /Processor crm: refused \(legal-obligation\)\.\n/);
  assert.match(alone.out, /chain was not checked/);
  const { code, out } = await oubliette([...verify, '--chain', '/c/chain', '--json'], { files });
  assert.equal(code, 0);
  const document = JSON.parse(out) as { complete: boolean; chain: number };
  assert.deepEqual([document.complete, document.chain], [true, 2]);
  const open = await oubliette(verify, { files: { ...files, '/c/file.json': partial } });
  assert.doesNotMatch(open.out, /Held|extended/);
  assert.match(open.out, /requested; outstanding: forgetting, erasure/);
});

test('the answer is no for another key, a changed byte, a chain with a link missing or of other files', async () => {
  const { partial, whole } = await chain();
  const files = { '/c/file.json': whole, '/c/key.pub': trusted };
  const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const cases: [Record<string, string>, string][] = [
    [{ '/c/key.pub': other }, 'CERTIFICATE_KEY_UNTRUSTED'],
    [{ '/c/file.json': whole.replace('"lifecycle":1', '"lifecycle":2') }, 'CERTIFICATE_FORGED'],
    [{ '/c/file.json': whole.replace('"erased"', '"Erased"') }, 'CERTIFICATE_MALFORMED'],
    [{ '/c/file.json': `${whole}\n` }, 'CERTIFICATE_MALFORMED'],
    [{ '/c/key.pub': 'no key' }, 'CERTIFICATE_KEY_INVALID'],
    [{ '/c/chain': `${whole}\n` }, 'CERTIFICATE_CHAIN_BROKEN'],
    [{ '/c/chain': `${partial}\n` }, 'CERTIFICATE_NOT_IN_CHAIN'],
    [{ '/c/chain': '' }, 'CERTIFICATE_NOT_IN_CHAIN'],
  ];
  for (const [changed, wanted] of cases) {
    const args = '/c/chain' in changed ? [...verify, '--chain', '/c/chain'] : verify;
    const { code, out } = await oubliette([...args, '--json'], { files: { ...files, ...changed } });
    assert.equal(code, 1, wanted);
    assert.equal((JSON.parse(out) as { error: { code: string } }).error.code, wanted);
  }
});

test('a key must be given, and files must be there', async () => {
  assert.equal((await oubliette(verify.slice(0, 3))).code, 2);
  const { code, err } = await oubliette(verify, { files: { '/c/key.pub': trusted } });
  assert.equal(code, 2);
  assert.match(err, /no file \/c\/file\.json/);
});
