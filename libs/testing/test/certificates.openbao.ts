import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KeyringError, type KeyringErrorCode } from '@oubliette/keyring';
import {
  CertificateRegister,
  openCertificateKey,
  publicKeyPem,
  type OpenCertificateKey,
} from '@oubliette/privacy';
import { InMemoryStores, requestedErasure } from '@oubliette/privacy/testing';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { startOpenBao, temporaryDirectory } from '@oubliette/testing';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const python = process.env['OUBLIETTE_PYTHON'];
const directory = temporaryDirectory();
const server = await startOpenBao({ workDir: directory.path });
after(async () => {
  await server.stop();
  directory.remove();
});

const clock = new SystemClock();
let made = 0;

async function makeKey(settings: object = { type: 'ed25519' }): Promise<string> {
  const key = `certificates-${++made}`;
  await server.request('POST', `transit/keys/${key}`, settings);
  return key;
}

/** A token that may do what the documentation says is needed for this key, and nothing else. */
async function tokenFor(key: string, without?: string): Promise<string> {
  const page = readFileSync(join(root, 'docs/certificate.md'), 'utf8');
  const documented = /```hcl\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const rules = documented.replaceAll('certificates', key).split(/\n(?=path)/);
  const policy = rules.filter((rule) => without === undefined || !rule.includes(`/${without}`)).join('\n');
  await server.request('POST', `sys/policies/acl/${key}`, { policy });
  const answer = await server.request('POST', 'auth/token/create', { policies: [key], no_parent: true });
  return (answer as { auth: { client_token: string } }).auth.client_token;
}

function open(key: string, token: string): Promise<OpenCertificateKey> {
  return openCertificateKey(
    `transit:${server.address}/transit/${key}?token-variable=TOKEN`,
    { disk: new SystemDisk(), entropy: new SystemEntropy(), clock, environment: { TOKEN: token } },
    { timeoutMs: 5_000, attempts: 2, backoffMs: 20 },
  );
}

const failsWith = (code: KeyringErrorCode, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof KeyringError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};

/** The exit code and what was said: of the command, and of the script that was written from the page alone. */
async function verdicts(files: { keys: string; file: string; chain: string }): Promise<string[]> {
  const path = (name: string, content: string): string => {
    const at = join(directory.path, name);
    writeFileSync(at, content);
    return at;
  };
  const [keys, file] = [path('certificate.pub', files.keys), path('certificate.json', files.file)];
  const chain = path('chain', files.chain);
  const cli = join(root, 'apps/cli/bin/oubliette.mjs');
  const script = join(root, 'compat/certificate/verify.py');
  const ours = [cli, 'certificate', 'verify', file, '--trusted-key', keys, '--chain', chain, '--json'];
  const commands: [string, string[]][] = [[process.execPath, ours]];
  if (python !== undefined) commands.push([python, [script, keys, file, chain]]);
  return Promise.all(
    commands.map(([command, args]) =>
      run(command, args).then(
        () => 'genuine',
        ({ stdout, stderr }: { stdout: string; stderr: string }) =>
          /CERTIFICATE_[A-Z_]+/.exec(stdout + stderr)?.[0] ?? stderr,
      ),
    ),
  );
}

test('OpenBao: a chain that two versions of a key signed is genuine to the command and to verify.py', async (t) => {
  if (python === undefined) t.diagnostic('no OUBLIETTE_PYTHON with PyNaCl: verify.py was not asked');
  const key = await makeKey();
  const token = await tokenFor(key);
  const stores = new InMemoryStores();
  const registerOf = (signer: OpenCertificateKey) =>
    new CertificateRegister({ ...stores, store: stores.certificates, signer, clock });
  const erasure = await stores.erasures.open(
    requestedErasure({ erasureId: 'e-1', userRef: '0'.repeat(32) as never }),
  );
  const before = await open(key, token);
  await registerOf(before).certificateOf('e-1');
  await server.request('POST', `transit/keys/${key}/rotate`, {});
  const held = { ...erasure, state: 'held' as const, hold: { at: 5, reason: 'case 12', liftedAt: null } };
  await stores.erasures.advance({ ...held, revision: 1 });
  await registerOf(before).certificateOf('e-1');
  const later = await open(key, token);
  await stores.erasures.advance({ ...held, revision: 2, state: 'erased', forgottenAt: 6, erasedAt: 9 });
  const { file, number } = await registerOf(later).certificateOf('e-1');
  assert.equal(number, 3);

  const chain = (await stores.certificates.list(0, 10)).map((issued) => `${issued.file}\n`).join('');
  const [first, second] = [publicKeyPem(before.publicKey), publicKeyPem(later.publicKey)];
  const all = (verdict: string) => [verdict, ...(python === undefined ? [] : [verdict])];
  assert.deepEqual(await verdicts({ keys: first + second, file, chain }), all('genuine'));
  assert.deepEqual(await verdicts({ keys: second, file, chain }), all('CERTIFICATE_KEY_UNTRUSTED'));
  const forged = file.replace('"lifecycle":1', '"lifecycle":2');
  assert.deepEqual(await verdicts({ keys: second, file: forged, chain }), all('CERTIFICATE_FORGED'));

  await server.request('POST', `transit/keys/${key}/config`, { min_encryption_version: 2 });
  await assert.rejects(
    before.sign(Buffer.from('x')),
    failsWith('SIGNING_KEY_REFUSED', /start the application again/),
  );
});

test('OpenBao: a key that was deleted and made anew signs nothing that is stored', async () => {
  const key = await makeKey();
  const stores = new InMemoryStores();
  await stores.erasures.open(requestedErasure({ erasureId: 'e-1', userRef: '0'.repeat(32) as never }));
  const signer = await open(key, await tokenFor(key));
  await server.request('POST', `transit/keys/${key}/config`, { deletion_allowed: true });
  await server.request('DELETE', `transit/keys/${key}`);
  await assert.rejects(signer.sign(Buffer.from('x')), failsWith('SIGNING_KEY_REFUSED', /HTTP 40/));
  await server.request('POST', `transit/keys/${key}`, { type: 'ed25519' });
  const register = new CertificateRegister({ ...stores, store: stores.certificates, signer, clock });
  await assert.rejects(register.certificateOf('e-1'), { code: 'CERTIFICATE_SIGNATURE_WRONG' });
  assert.equal(await stores.certificates.last(), null);
});

test('OpenBao: keys of other types, and those that may leave the service, do not sign', async () => {
  for (const settings of [
    { type: 'aes256-gcm96' },
    { type: 'ecdsa-p256' },
    { type: 'ed25519', derived: true },
    { type: 'ed25519', exportable: true },
    { type: 'ed25519', allow_plaintext_backup: true },
  ]) {
    const key = await makeKey(settings);
    await assert.rejects(open(key, server.rootToken), failsWith('SIGNING_KEY_REFUSED', /Make (one|a key)/));
  }
});

test('OpenBao: sealed is unavailable, and it signs again when it is unsealed', async () => {
  const key = await makeKey();
  const signer = await open(key, await tokenFor(key));
  await server.request('POST', 'sys/seal');
  const error = await signer.sign(Buffer.from('x')).catch((reason: unknown) => reason);
  await server.request('POST', 'sys/unseal', { key: server.unsealKey() });
  failsWith('SIGNING_KEY_UNAVAILABLE', /503.*sealed/)(error);
  assert.equal((await signer.sign(Buffer.from('x'))).length, 64);
});

test('OpenBao: a token without the right is refused, and not shown', async () => {
  const key = await makeKey();
  const token = await tokenFor(key, 'sign');
  const signer = await open(key, token);
  const error = await signer.sign(Buffer.from('x')).catch((reason: unknown) => reason);
  failsWith('SIGNING_KEY_REFUSED', /HTTP 403 ".*permission denied" for sign\/.*docs\/certificate\.md/)(error);
  assert.ok(error instanceof Error && !error.message.includes(token));
  await assert.rejects(open(key, await tokenFor(key, 'keys')), failsWith('SIGNING_KEY_REFUSED', /HTTP 403/));
});
