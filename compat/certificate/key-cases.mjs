// Cases of the file of trusted keys: { name, wanted, file, keys }.
import { generateKeyPairSync } from 'node:crypto';
import { publicKeyPem } from '@oubliette/privacy';
import { pem } from './made.mjs';

const invalid = 'CERTIFICATE_KEY_INVALID';

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
