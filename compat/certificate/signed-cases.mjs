// Cases that only somebody with the signing key can make: { name, wanted, file, keys? }.
import { publicKeyPem } from '@oubliette/privacy';
import { mostBytes } from './byte-cases.mjs';
import { bodyOf, signed, signer, withSignature } from './made.mjs';

const malformed = 'CERTIFICATE_MALFORMED';
const forged = 'CERTIFICATE_FORGED';
/** Of the group of Ed25519 (RFC 8032, section 5.1). */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Bodies with something else in them, in canonical JSON or not, signed as they are. */
export async function* bodies(file) {
  const body = bodyOf(file);
  const texts = [
    '',
    'x',
    '\ufffe\uffff\ufdd0',
    '\u2028\u2029',
    '\u007f\u0080\ufeff',
    'e\u0301 \u00e9',
    '😀\u{10ffff}',
    '</script>',
  ];
  const escaped = ['\\u0000', '\\u001f', '\\b\\t\\n\\f\\r\\"\\\\', '\\\\ud800', '\\\\u0061'];
  const escapedBadly = [
    '\\ud800',
    '\\udc00\\ud800',
    '\\ud83d\\ude00',
    '\\u001F',
    '\\u000a',
    '\\u007f',
    '\\/',
    '\t',
    '\\x',
    '\\u00',
  ];
  const changes = [
    ...[...texts, ...escaped].map((text) => ['genuine', 'GDPR', text]),
    ...escapedBadly.map((text) => [malformed, 'GDPR', text]),
    ...['1', '9007199254740991'].map((number) => ['genuine', '"boundMs":null', `"boundMs":${number}`]),
    ...[
      '-0',
      '-1',
      '0.5',
      '1.0',
      '1e2',
      '1E2',
      '9007199254740992',
      '1e+21',
      '1e400',
      '1'.repeat(5_000),
      'true',
      '"1"',
      '[]',
      '{}',
      'NaN',
    ].map((number) => [malformed, '"boundMs":null', `"boundMs":${number}`]),
    ...['0', '2', 'null', 'true', '1.5'].map((number) => [malformed, '"version":1}', `"version":${number}}`]),
    ...['0', '2', '-1', '9007199254740992'].map((number) => [malformed, '"number":1', `"number":${number}`]),
    [
      'genuine',
      '"number":1',
      `"number":9007199254740991`,
      '"previous":null',
      `"previous":"${'ab'.repeat(32)}"`,
    ],
    [malformed, '"previous":null', `"previous":"${'ab'.repeat(32)}"`],
    [malformed, '"number":1', '"number":2', '"previous":null', `"previous":"${'AB'.repeat(32)}"`],
    ...moments().map(([wanted, moment]) => [wanted, '"erasedAt":null', `"erasedAt":"${moment}"`]),
    [malformed, '"erasedAt":null', '"erasedAt":0'],
    [malformed, '"extension":null', '"extension":{"at":"2026-01-01T00:00:00.000Z"}'],
    ['genuine', '"extension":null', '"extension":{"at":"2026-01-01T00:00:00.000Z","reason":""}'],
    [malformed, '"keys":null', '"keys":{"fingerprints":["0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F"],"partition":0}'],
    [malformed, '"keys":null', '"keys":{"fingerprints":null,"partition":0}'],
    [malformed, '"keys":null', '"keys":[]'],
    ['genuine', '"keys":null', '"keys":{"fingerprints":["0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"],"partition":0}'],
    [malformed, '"keys":null', `"keys":${'['.repeat(200)}${']'.repeat(200)}`],
    [malformed, '"keys":null', `"keys":${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ...topics().map(([wanted, topic]) => [wanted, '"topics":[]', `"topics":[${topic}]`]),
    [malformed, '"topics":[]', '"topics":null'],
    [malformed, '"topics":[]', '"topics":{}'],
    [malformed, '"outstanding":["forgetting","erasure"]', '"outstanding":["everything"]'],
    [malformed, '"outstanding":["forgetting","erasure"]', '"outstanding":{}'],
    ['genuine', '"outstanding":["forgetting","erasure"]', '"outstanding":[]'],
    [malformed, '"state":"requested"', '"state":"lost"'],
    ['genuine', '"outstanding":["forgetting","erasure"]', '"outstanding":["replicas","acknowledgements"]'],
    [malformed, '"acknowledgements":[]', '"acknowledgements":{}'],
    ...answers(),
    [malformed, '"kind":"erasure"', '"kind":"other"'],
    [malformed, ',"kind":"erasure"', ''],
    [malformed, '"kind":"erasure"', '"kind":"erasure","kinder":1'],
    [malformed, '{"acknowledgements"', '{"__proto__":{},"acknowledgements"'],
    [malformed, '{"acknowledgements"', '{"":0,"acknowledgements"'],
    [malformed, '"version":1}', '"version":1,"\u{1f600}":1,"\uff5e":1}'],
    [malformed, '"version":1}', '"version":1,"\uff5e":1,"\u{1f600}":1}'],
    [malformed, '"lifecycle":1', '"lifecycle":1,"lifecycle":1'],
  ];
  for (const [wanted, ...pairs] of changes) {
    let text = body;
    for (let at = 0; at < pairs.length; at += 2) text = replaced(text, pairs[at], pairs[at + 1]);
    yield { name: `signed with ${pairs[1].slice(0, 60)}`, wanted, file: await signed(text) };
  }
  for (const text of ['null', '[]', '{}', '""', '0'])
    yield { name: `signed ${text}`, wanted: malformed, file: await signed(text) };
  for (const [more, wanted] of [
    [0, 'genuine'],
    [1, malformed],
  ]) {
    const text = body.replace('GDPR', `${'x'.repeat(mostBytes - Buffer.byteLength(file) + 4 + more)}`);
    yield { name: `16 MiB and ${more} bytes`, wanted, file: await signed(text) };
  }
}

/** Of processors: members in canonical order. */
function answers() {
  const answer = (change) => {
    const whole = { at: null, outcome: 'outstanding', processor: 'crm', reason: null, text: null, ...change };
    return `"acknowledgements":[${JSON.stringify(whole)}]`;
  };
  const genuine = [
    {},
    { outcome: 'erased', at: '2024-02-29T23:59:59.999Z', text: 'ticket 7' },
    { outcome: 'refused', at: '2024-02-29T23:59:59.999Z', reason: 'legal-claims' },
  ];
  const none = [
    { outcome: 'lost' },
    { at: 1 },
    { at: '2023-02-29T00:00:00.000Z' },
    { reason: 'other' },
    { processor: null },
    { processor: 'CRM' },
    { processor: '' },
    { text: 7 },
    { z: 1 },
  ];
  return [
    ...genuine.map((change) => ['genuine', '"acknowledgements":[]', answer(change)]),
    ...none.map((change) => [malformed, '"acknowledgements":[]', answer(change)]),
  ];
}

/** Members of `topics`, in canonical JSON. */
function topics() {
  const pass =
    '{"at":"2026-01-01T00:00:00.000Z","highWatermark":"9","logStart":"0","records":null,"replica":1}';
  const partition = (mark, passes = `[${pass}]`, tombstones = '0') =>
    `{"mark":${mark},"partition":0,"passes":${passes},"tombstones":${tombstones},"unlinkedAt":"2026-01-01T00:00:00.000Z","unseen":[]}`;
  const topic = (partitions, way = '"expiry"') =>
    `{"boundMs":null,"partitions":${partitions},"topic":"t","way":${way}}`;
  return [
    ['genuine', topic('null')],
    ['genuine', topic('[]', '"tombstone"')],
    ['genuine', topic(`[${partition('"12"')}]`)],
    ['genuine', topic(`[${partition('null', '[]', '7')}]`)],
    [malformed, topic('null', '"keys"')],
    [malformed, topic('null', 'null')],
    [malformed, topic(`[${partition('12')}]`)],
    [malformed, topic(`[${partition('"012"')}]`)],
    [malformed, topic(`[${partition('"12"', 'null')}]`)],
    [malformed, topic(`[${partition('"12"', `[${pass.replace('null', '-1')}]`)}]`)],
    [malformed, topic(`[${partition('"12"', `[${pass}]`, 'null')}]`)],
    [malformed, topic(`[${partition('"12"').replace('"unseen":[]', '"unseen":[{"replica":1,"why":"x"}]')}]`)],
    [malformed, topic(`[${partition('"12"').replace('"unseen":[]', '"unseen":null')}]`)],
    [malformed, topic('null').replace('"topic":"t",', '')],
    [malformed, topic('null').replace('"topic"', '"more":1,"topic"')],
  ];
}

function moments() {
  const days = ['2024-02-29', '1970-01-01', '9999-12-31'].map((day) => ['genuine', `${day}T23:59:59.999Z`]);
  const none = [
    '2023-02-29',
    '1900-02-28',
    '0000-01-01',
    '2023-13-01',
    '2023-00-10',
    '+02023-01-01',
    '2023-W01-1',
    '20230101',
  ];
  const hours = [
    '24:00:00.000Z',
    '23:59:60.000Z',
    '10:00:00Z',
    '10:00:00.0000Z',
    '10:00:00.000',
    '10:00:00.000+00:00',
    '10:00:00.000+00:00Z',
    '10:00:00,000Z',
    '10:00:00.000z',
    '10:00:00.00\u0661Z',
  ];
  return [
    ...days,
    ...none.map((day) => [malformed, `${day}T00:00:00.000Z`]),
    ...hours.map((hour) => [malformed, `2023-01-01T${hour}`]),
    ...['', 'Z', '2023-01-01', '2023-01-01 10:00:00.000Z', '2023-01-01T10:00:00.000Z\\u0000'].map((text) => [
      malformed,
      text,
    ]),
  ];
}

export async function* signatures(file) {
  const body = bodyOf(file);
  const { signature } = JSON.parse(file);
  const [r, s] = [
    signature.slice(0, 64),
    BigInt(`0x${Buffer.from(signature.slice(64), 'hex').reverse().toString('hex')}`),
  ];
  const again = Buffer.from((s + order).toString(16).padStart(64, '0'), 'hex')
    .reverse()
    .toString('hex');
  const identity = `01${'00'.repeat(31)}`;
  const weak = { publicKey: Buffer.from(identity, 'hex') };
  yield { name: 'the order of the group added', wanted: forged, file: withSignature(body, r + again) };
  yield { name: 'nothing but zeros', wanted: forged, file: withSignature(body, '00'.repeat(64)) };
  yield {
    name: 'a key that any signature fits',
    wanted: forged,
    file: withSignature(body, identity + '00'.repeat(32), weak),
    keys: publicKeyPem(weak.publicKey),
  };
  // Five times the base point, and 5.
  const fives =
    'edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df0500000000000000000000000000000000000000000000000000000000000000';
  yield {
    name: 'the same key, and a good point',
    wanted: forged,
    file: withSignature(body, fives, weak),
    keys: publicKeyPem(weak.publicKey),
  };
  const unspoken = { ...signer, sign: (message) => signer.sign(message.subarray(message.indexOf('\n') + 1)) };
  yield { name: 'signed for something else', wanted: forged, file: await signed(body, unspoken) };
}

function replaced(text, from, to) {
  if (!text.includes(from)) throw new Error(`${from} is not in the body`);
  return text.replace(from, () => to);
}
