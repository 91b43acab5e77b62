// What the cases are made of: a chain that the product issued, and files that its key signed whatever is in them.
import { CertificateRegister, keyName, publicKeyPem } from '@oubliette/privacy';
import { InMemoryStores, requestedErasure, testSigner } from '@oubliette/privacy/testing';
import { ManualClock } from '@oubliette/runtime/testing';

export const signer = testSigner();
export const pem = publicKeyPem(signer.publicKey);

const at = 1_700_000_000_000;
const keys = { partition: 3, fingerprints: ['0f'.repeat(16), 'f0'.repeat(16)] };
const extension = { at: at + 1, reason: 'many requests' };
const hold = { at: at + 2, reason: 'case 12', liftedAt: null };
const pass = { at: at + 7, replica: 1, logStart: '0', highWatermark: '9007199254740993', records: 12 };
const segment = { file: 'keys-3/00000000000000000000.log', bytes: 812, records: 7 };
const evidence = {
  partition: 3,
  passes: [pass, { ...pass, replica: 2 }],
  unseen: [],
  unlinkedAt: at + 8,
  bound: { ms: 7_000.5, terms: [{ name: 'segment rolls', setting: 'segment.ms', ms: 2_000 }] },
  lateRecords: 1,
  files: [
    { at: at + 8, replica: 1, outcome: 'clean', files: 4, bytes: 21_000_000, segments: [segment, segment] },
    { at: at + 8, replica: 2, outcome: 'unclear', files: 0, bytes: 0, segments: [] },
  ],
};
const away = [{ replica: 3, why: 'out of sync' }];
const looked = { partition: 0, mark: null, tombstones: 2, passes: [pass], unseen: [], unlinkedAt: at + 8 };
const expired = { ...looked, mark: '18', tombstones: 0, passes: [{ ...pass, records: null }], unseen: away };
const topics = [
  { topic: 'shop.addresses', way: 'tombstone', boundMs: 7_000.5, marks: null, evidence: [looked] },
  { topic: 'shop.visits', way: 'expiry', boundMs: 9_000, marks: [], evidence: [expired, looked] },
];
const waiting = topics.map((topic) => ({ ...topic, boundMs: null, evidence: null }));
const states = [
  {},
  { state: 'held', hold },
  { extension, hold: { ...hold, liftedAt: at + 3 } },
  { state: 'forgotten', forgottenAt: at + 4, keys, boundMs: 7_000.5 },
  { state: 'forgotten', forgottenAt: at + 4, keys: { partition: 0, fingerprints: [] }, boundMs: null },
  { state: 'erased', forgottenAt: at + 4, erasedAt: at + 9, keys, boundMs: 7_000, extension, evidence },
  { state: 'forgotten', forgottenAt: at + 4, keys, boundMs: 7_000.5, evidence, topics: waiting },
  { state: 'erased', forgottenAt: at + 4, erasedAt: at + 9, keys, boundMs: 7_000, evidence, topics },
  {
    state: 'erased',
    forgottenAt: at + 4,
    erasedAt: at + 9,
    keys,
    evidence: { ...evidence, unseen: [{ replica: 3, why: 'down' }], bound: { ms: null, terms: [] } },
  },
];

/** The files of a chain, as texts: one in each state that an erasure can be in. */
export async function issuedChain() {
  const { erasures, certificates: store, acknowledgements } = new InMemoryStores();
  const register = new CertificateRegister({
    store,
    erasures,
    acknowledgements,
    signer,
    clock: new ManualClock(),
  });
  const asked = states.map((state, index) =>
    requestedErasure({ erasureId: `e-${index}`, userRef: `${index}`.padStart(32, '0'), ...state }),
  );
  return (await register.issue(asked)).map(({ file }) => file);
}

/** The text of a certificate's body. */
export function bodyOf(file) {
  return file.slice('{"body":'.length, file.lastIndexOf(',"key":"'));
}

/** A body that may be anything, signed with the product's key or another one. */
export async function signed(body, by = signer) {
  const signature = await by.sign(Buffer.from(`oubliette/certificate/v1\n${body}`));
  return withSignature(body, Buffer.from(signature).toString('hex'), by);
}

export function withSignature(body, signature, by = signer) {
  return `{"body":${body},"key":"${keyName(by.publicKey)}","signature":"${signature}"}`;
}
