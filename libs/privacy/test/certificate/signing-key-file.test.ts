import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import {
  createSigningKeyFile,
  loadSigningKeyFile,
  publicKeyPem,
  readTrustedKeys,
} from '../../src/certificate/signing-key-file.js';

const path = '/keys/signing.pem';
const message = Buffer.from('a statement');

test('a key is made once, for its owner alone, and signs what its public half verifies', async () => {
  const disk = new SimulatedDisk();
  createSigningKeyFile(path, disk, new SeededEntropy(1));
  assert.equal(disk.statSync(path).mode & 0o777, 0o600);
  const signer = loadSigningKeyFile(path, disk);
  const [key] = readTrustedKeys(publicKeyPem(signer.publicKey));
  assert.ok(key);
  assert.equal(key.verifies(message, await signer.sign(message)), true);
  const before = disk.readFileSync(path);
  assert.throws(() => createSigningKeyFile(path, disk, new SeededEntropy(2)), {
    code: 'CERTIFICATE_KEY_EXISTS',
  });
  assert.deepEqual(disk.readFileSync(path), before);
});

test('a key that openssl would write is read, and nothing else', () => {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/keys');
  const write = (content: string, mode = 0o600): void =>
    disk.replaceFileSync(path, Buffer.from(content), mode);
  assert.throws(() => loadSigningKeyFile(path, disk), { code: 'CERTIFICATE_KEY_MISSING' });
  const ed25519 = generateKeyPairSync('ed25519');
  const pem = ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  write(pem);
  assert.equal(loadSigningKeyFile(path, disk).publicKey.length, 32);
  write(pem, 0o644);
  assert.throws(() => loadSigningKeyFile(path, disk), { code: 'CERTIFICATE_KEY_OPEN', message: /0644/ });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const content of [
    other.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    'secret',
    '',
  ]) {
    write(content);
    assert.throws(
      () => loadSigningKeyFile(path, disk),
      (error: Error) =>
        'code' in error && error.code === 'CERTIFICATE_KEY_INVALID' && !error.message.includes('secret'),
    );
  }
});

test('a file of trusted keys has one or more, all of them Ed25519', () => {
  const [one, two] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')].map(({ publicKey }) =>
    publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  );
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();
  assert.equal(readTrustedKeys(`old key\n${one}\nnew key\n${two}`).length, 2);
  const windows = `${one}`.replaceAll('\n', '\r\n');
  assert.equal(readTrustedKeys(windows)[0]?.pem, one);
  const secret = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  for (const text of [
    '',
    'abc',
    `${one}${rsa}`,
    `${one}${secret.toString()}`,
    `${one}`.replace('MCow', 'MCox'),
    `${one}${two}`.replace('MCow', 'MCox'),
    `${one}${two}`.replace(/\n-----END/, '*\n-----END'),
  ])
    assert.throws(() => readTrustedKeys(text), { code: 'CERTIFICATE_KEY_INVALID' });
});
