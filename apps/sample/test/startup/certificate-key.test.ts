import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSigningKeyFile, publicKeyPem, readTrustedKeys } from '@oubliette/privacy';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { ensureCertificateKey } from '../../src/startup/certificate-key.js';

const keyFile = '/keys/certificate.pem';
const settings = { certificateKey: { kind: 'file', path: keyFile }, dataDir: '/data' } as const;
const publicFile = '/data/certificate.pub';

function stage() {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/data');
  const warnings: string[] = [];
  let seed = 1;
  const ensure = () => {
    const ports = { disk, entropy: new SeededEntropy(seed++), clock: new ManualClock(), environment: {} };
    return ensureCertificateKey(settings, ports, (message) => warnings.push(message));
  };
  const read = (path: string): string => Buffer.from(disk.readFileSync(path)).toString('utf8');
  return { disk, warnings, ensure, read };
}

test('the first start makes the key and its public half; the next one leaves both as they are', async () => {
  const { disk, warnings, ensure, read } = stage();
  await ensure();
  const { publicKey } = loadSigningKeyFile(keyFile, disk);
  assert.equal(read(publicFile), publicKeyPem(publicKey));
  assert.equal(warnings.length, 1);
  const before = [read(keyFile), read(publicFile)];
  await ensure();
  assert.deepEqual([read(keyFile), read(publicFile)], before);
  assert.equal(warnings.length, 1);
});

test('a new key is trusted beside the old one; a lost one is no reason to make another', async () => {
  const { disk, ensure, read } = stage();
  await ensure();
  disk.removeFileSync(keyFile);
  await assert.rejects(ensure, { code: 'CERTIFICATE_KEY_MISSING' });
  const old = read(publicFile);
  disk.removeFileSync(publicFile);
  await ensure();
  disk.replaceFileSync(publicFile, Buffer.from(old));
  await ensure();
  assert.equal(readTrustedKeys(read(publicFile)).length, 2);
  assert.ok(read(publicFile).startsWith(old));
});
