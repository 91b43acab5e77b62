// Cases that only somebody with the signing key can make: { name, wanted, file, keys?, chain? }.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { publicKeyPem } from '@oubliette/privacy';
import { mostBytes } from './byte-cases.mjs';
import { bodyOf, pem, signed, signer, withSignature } from './made.mjs';

const malformed = 'CERTIFICATE_MALFORMED';
const forged = 'CERTIFICATE_FORGED';
const invalid = 'CERTIFICATE_KEY_INVALID';
const broken = 'CERTIFICATE_CHAIN_BROKEN';
const elsewhere = 'CERTIFICATE_NOT_IN_CHAIN';
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
    [malformed, '"outstanding":["forgetting","erasure"]', '"outstanding":["everything"]'],
    [malformed, '"outstanding":["forgetting","erasure"]', '"outstanding":{}'],
    ['genuine', '"outstanding":["forgetting","erasure"]', '"outstanding":[]'],
    [malformed, '"state":"requested"', '"state":"lost"'],
    [malformed, '"kind":"erasure"', '"kind":"other"'],
    [malformed, ',"kind":"erasure"', ''],
    [malformed, '"kind":"erasure"', '"kind":"erasure","kinder":1'],
    [malformed, '{"boundMs"', '{"__proto__":{},"boundMs"'],
    [malformed, '{"boundMs"', '{"":0,"boundMs"'],
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
  const unspoken = { ...signer, sign: (message) => signer.sign(message.subarray(message.indexOf('\n') + 1)) };
  yield { name: 'signed for something else', wanted: forged, file: await signed(body, unspoken) };
}

/** Files of keys. */
export function* keyFiles(file) {
  const other = publicKeyPem(
    Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' })).subarray(
      -32,
    ),
  );
  const [x25519, ec] = [
    generateKeyPairSync('x25519'),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ].map(({ publicKey }) => publicKey.export({ format: 'pem', type: 'spki' }));
  const secret = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  const [head, key, foot] = pem.split('\n');
  const files = [
    ['genuine', 'a stranger before', `${other}${pem}`],
    ['genuine', 'twice, with words between', `new\n${pem}\nold: \u00e9\n${pem}`],
    ['genuine', 'line ends of Windows', pem.replaceAll('\n', '\r\n')],
    ['genuine', 'no line end', pem.trim()],
    ['genuine', 'in one line', pem.replaceAll('\n', ' ')],
    [
      'genuine',
      'bytes that are no text around it',
      Buffer.concat([Buffer.from('ff00fe', 'hex'), Buffer.from(pem)]),
    ],
    ['CERTIFICATE_KEY_UNTRUSTED', 'a stranger alone', other],
    [invalid, 'nothing', ''],
    [invalid, 'no key', 'no key'],
    [invalid, 'the key without its marks', key],
    [invalid, 'cut off', pem.slice(0, -3)],
    [invalid, 'a letter gone', pem.replace(key, key.slice(0, 30) + key.slice(31))],
    [invalid, 'a letter more', pem.replace(key, `${key.slice(0, -1)}A=`)],
    [invalid, 'a blank within', pem.replace(key, `${key.slice(0, 30)}\n${key.slice(30)}`)],
    [invalid, 'a blank of another script', `${head}\u2003${key}\n${foot}\n`],
    [invalid, 'base64 for addresses', pem.replace(key, `${key.slice(0, 20)}-_${key.slice(22)}`)],
    [invalid, 'a damaged one beside it', `${pem}${other.replace('MCow', 'MCox')}`],
    [invalid, 'one without end beside it', `${pem}${head}\n`],
    [invalid, 'a private key beside it', `${pem}${secret}`],
    [invalid, 'X25519 beside it', `${pem}${x25519}`],
    [invalid, 'P-256 beside it', `${ec}${pem}`],
    [invalid, 'a header', `${head}\nComment: x\n\n${key}\n${foot}\n`],
    [invalid, 'small letters', pem.toLowerCase()],
  ];
  for (const [wanted, name, keys] of files) yield { name: `keys: ${name}`, wanted, file, keys };
}

/** Files of chains, of which the last certificate is looked for. */
export async function* chains(chain) {
  const file = chain.at(-1);
  const lines = (files) => files.map((one) => `${one}\n`).join('');
  yield { name: 'chain: whole', wanted: 'genuine', file, chain: lines(chain) };
  yield { name: 'chain: no line end at its end', wanted: 'genuine', file, chain: chain.join('\n') };
  for (const [index, one] of chain.entries()) {
    yield { name: `chain: ${index} looked for`, wanted: 'genuine', file: one, chain: lines(chain) };
    const wanted = index === chain.length - 1 ? elsewhere : broken;
    yield { name: `chain: without ${index}`, wanted, file, chain: lines(chain.toSpliced(index, 1)) };
    yield {
      name: `chain: ${index} twice`,
      wanted: broken,
      file,
      chain: lines(chain.toSpliced(index, 0, one)),
    };
    yield {
      name: `chain: a blank line at ${index}`,
      wanted: malformed,
      file,
      chain: lines(chain.toSpliced(index, 0, '')),
    };
    const swapped = chain.toSpliced(index, 2, ...chain.slice(index, index + 2).reverse());
    if (index + 1 < chain.length)
      yield { name: `chain: ${index} swapped`, wanted: broken, file, chain: lines(swapped) };
    const remade = await signed(bodyOf(one).replace('"lifecycle":1', '"lifecycle":2'));
    const last = index === chain.length - 1;
    yield {
      name: `chain: ${index} made anew`,
      wanted: last ? elsewhere : broken,
      file,
      chain: lines(chain.with(index, remade)),
    };
    const changed = one.replace('"lifecycle":1', '"lifecycle":2');
    yield { name: `chain: ${index} changed`, wanted: forged, file, chain: lines(chain.with(index, changed)) };
  }
  const digest = createHash('sha256').update(file).digest('hex');
  const skipping = await signed(
    bodyOf(file).replace(
      /"number":6,"outstanding":\[\],"previous":"[^"]*"/,
      `"number":8,"outstanding":[],"previous":"${digest}"`,
    ),
  );
  for (const [name, wanted, text] of [
    ['empty', elsewhere, ''],
    ['a line end alone', malformed, '\n'],
    ['two line ends at its end', malformed, `${lines(chain)}\n`],
    ['line ends of Windows', malformed, chain.join('\r\n')],
    ['a number left out', broken, lines([...chain, skipping])],
    ['what is none behind what is out of order', malformed, lines([file, 'none'])],
    ['in a list', malformed, `[${chain.join(',')}]`],
  ])
    yield { name: `chain: ${name}`, wanted, file, chain: text };
}

function replaced(text, from, to) {
  if (!text.includes(from)) throw new Error(`${from} is not in the body`);
  return text.replace(from, () => to);
}
