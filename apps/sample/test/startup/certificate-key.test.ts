import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSigningKeyFile, publicKeyPem, readTrustedKeys } from '@oubliette/privacy';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { ensureCertificateKey } from '../../src/startup/certificate-key.js';

const settings = { certificateKey: '/keys/certificate.pem', dataDir: '/data' };
const publicFile = '/data/certificate.pub';

function stage() {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/data');
  const warnings: string[] = [];
  let seed = 1;
  const ensure = (): void =>
    ensureCertificateKey(settings, disk, new SeededEntropy(seed++), (message) => warnings.push(message));
  const read = (path: string): string => Buffer.from(disk.readFileSync(path)).toString('utf8');
  return { disk, warnings, ensure, read };
}

test('the first start makes the key and its public half; the next one leaves both as they are', () => {
  const { disk, warnings, ensure, read } = stage();
  ensure();
  const { publicKey } = loadSigningKeyFile(settings.certificateKey, disk);
  assert.equal(read(publicFile), publicKeyPem(publicKey));
  assert.equal(warnings.length, 1);
  const before = [read(settings.certificateKey), read(publicFile)];
  ensure();
  assert.deepEqual([read(settings.certificateKey), read(publicFile)], before);
  assert.equal(warnings.length, 1);
});

test('a new key is trusted beside the old one; a lost one is no reason to make another', () => {
  const { disk, ensure, read } = stage();
  ensure();
  disk.removeFileSync(settings.certificateKey);
  assert.throws(ensure, { code: 'CERTIFICATE_KEY_MISSING' });
  const old = read(publicFile);
  disk.removeFileSync(publicFile);
  ensure();
  disk.replaceFileSync(publicFile, Buffer.from(old));
  ensure();
  assert.equal(readTrustedKeys(read(publicFile)).length, 2);
  assert.ok(read(publicFile).startsWith(old));
});
