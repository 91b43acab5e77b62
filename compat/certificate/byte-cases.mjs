// Cases of one genuine certificate in other bytes: { name, wanted, file }, `wanted` a code of docs/certificate.md, or `refused` for any.

export const mostBytes = 16 * 1024 * 1024;

/** Each byte with one bit changed, taken away, and twice. */
export function* changedBytes(text) {
  const file = Buffer.from(text);
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file);
    changed[at] ^= 1 << (at % 8);
    yield { name: `byte ${at} changed`, wanted: 'refused', file: changed };
    const [before, byte, after] = [file.subarray(0, at), file.subarray(at, at + 1), file.subarray(at + 1)];
    yield { name: `byte ${at} gone`, wanted: 'refused', file: Buffer.concat([before, after]) };
    yield { name: `byte ${at} twice`, wanted: 'refused', file: Buffer.concat([before, byte, byte, after]) };
  }
}

/** What a parser of JSON may take for the same, and what it may choke on. */
export function* spellings(file) {
  const { body, key, signature } = JSON.parse(file);
  const lifecycle = (text) => file.replace('"lifecycle":1', text);
  const others = {
    'line end': `${file}\n`,
    'byte order mark': `\ufeff${file}`,
    'blank in front': ` ${file}`,
    'blanks within': JSON.stringify(JSON.parse(file), null, 1),
    'members in another order': JSON.stringify({ key, body, signature }),
    'body in another order': file.replace(
      JSON.stringify(body),
      JSON.stringify(Object.fromEntries(Object.entries(body).reverse())),
    ),
    'escaped name': file.replace('"body"', '"\\u0062ody"'),
    'escaped letter': file.replace('"erased"', '"\\u0065rased"'),
    'escaped slash': file.replace('GDPR', '\\/'),
    'one is 1.0': lifecycle('"lifecycle":1.0'),
    'one is 1e0': lifecycle('"lifecycle":1e0'),
    'one is 01': lifecycle('"lifecycle":01'),
    'one is NaN': lifecycle('"lifecycle":NaN'),
    'one is a long number': lifecycle(`"lifecycle":${'1'.repeat(1_000_000)}`),
    'upper-case key': file.replace(key, key.toUpperCase()),
    'upper-case signature': file.replace(signature, signature.toUpperCase()),
    'short signature': file.replace(signature, signature.slice(2)),
    'digits of another script': file.replace(signature, '\u0661'.repeat(128)),
    'name twice': lifecycle('"lifecycle":1,"lifecycle":1'),
    'name twice, the second right': lifecycle('"lifecycle":2,"lifecycle":1'),
    'signature twice': file.replace('"signature"', `"signature":"${signature}","signature"`),
    'a member more': file.replace('"signature"', '"more":1,"signature"'),
    'no signature': JSON.stringify({ body, key }),
    'comma behind': file.replace(/\}$/, ',}'),
    'two files': file + file,
    'in a list': `[${file}]`,
    nothing: '',
    null: 'null',
    'deep lists': '['.repeat(1_000_000),
    'deep objects': '{"body":'.repeat(1_000_000),
    'a deep key': file.replace(`"${key}"`, '['.repeat(100_000) + ']'.repeat(100_000)),
    'UTF-16': Buffer.from(file, 'utf16le'),
    'half a surrogate pair in UTF-8': withBytes(file, 'eda080'),
    'overlong UTF-8': withBytes(file, 'c1a1'),
    'a byte that UTF-8 has not': withBytes(file, 'ff'),
  };
  for (const [name, other] of Object.entries(others)) {
    if (other === file) throw new Error(`${name}: nothing is changed`);
    yield { name, wanted: 'CERTIFICATE_MALFORMED', file: other };
  }
}

function withBytes(text, hex) {
  const [before, after] = text.split('GDPR');
  return Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]);
}
