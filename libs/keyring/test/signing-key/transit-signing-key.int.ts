import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { SystemClock } from '@oubliette/runtime';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import {
  KeyringError,
  openTransitSigningKey,
  type KeyringErrorCode,
  type SigningKey,
  type SigningKeyServiceOptions,
} from '../../src/index.js';
import { FakeTransit, json, type Answer } from './fake-transit.js';

const TOKEN = 's.hunter2hunter2';
const message = Buffer.from('a statement');
const once = { attempts: 1 };

async function service(t: TestContext): Promise<FakeTransit> {
  const fake = await FakeTransit.start();
  t.after(() => fake.close());
  return fake;
}

function open(
  { address }: FakeTransit,
  options: SigningKeyServiceOptions = {},
  environment: Record<string, string> = { TOKEN },
): Promise<SigningKey> {
  const ports = {
    disk: new SimulatedDisk(),
    entropy: new SeededEntropy(1),
    clock: new SystemClock(),
    environment,
  };
  return openTransitSigningKey({ address, key: 'k', token: { variable: 'TOKEN' } }, ports, {
    backoffMs: 1,
    ...options,
  });
}

function fits({ publicKey }: Pick<SigningKey, 'publicKey'>, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(
    null,
    message,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    signature,
  );
}

const refusal = (code: KeyringErrorCode, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof KeyringError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  assert.equal(error.retriable, code === 'SIGNING_KEY_UNAVAILABLE');
  assert.ok(!inspect(error, { depth: 20 }).includes('hunter2'));
  return true;
};

test('what it signs fits its public key, and it shows neither token nor key', async (t) => {
  const fake = await service(t);
  const key = await open(fake);
  assert.ok(fits(key, await key.sign(message)));
  assert.deepEqual(fake.asked, [`GET /v1/transit/keys/k ${TOKEN}`, `POST /v1/transit/sign/k ${TOKEN}`]);
  assert.ok(!inspect(key, { depth: 20 }).includes('hunter2'));
});

test('it goes on with the version that it was opened with, until that may sign no longer', async (t) => {
  const fake = await service(t);
  const key = await open(fake);
  const before = key.publicKey;
  fake.rotate();
  assert.ok(fits({ publicKey: before }, await key.sign(message)));
  assert.deepEqual(key.publicKey, before);
  const next = await open(fake);
  assert.notDeepEqual(next.publicKey, before);
  assert.ok(fits(next, await next.sign(message)));
  fake.minEncryption = 2;
  await assert.rejects(key.sign(message), refusal('SIGNING_KEY_REFUSED', /start the application again/));
});

test('bad days are unavailable, refusals are refused, and no token is in any message', async (t) => {
  const fake = await service(t);
  const key = await open(fake, once);
  const other = (signature: unknown) => json(200, { data: { signature } });
  const cases: [Answer, KeyringErrorCode, RegExp][] = [
    [json(503, { errors: ['Vault is sealed'] }), 'SIGNING_KEY_UNAVAILABLE', /HTTP 503 "Vault is sealed"/],
    [json(429, {}), 'SIGNING_KEY_UNAVAILABLE', /HTTP 429/],
    [(response) => response.destroy(), 'SIGNING_KEY_UNAVAILABLE', /connection failed/],
    [other(7), 'SIGNING_KEY_UNAVAILABLE', /no Ed25519 signature/],
    [other(`vault:v2:${'A'.repeat(86)}==`), 'SIGNING_KEY_UNAVAILABLE', /version asked for/],
    [other('vault:v1:AAAA'), 'SIGNING_KEY_UNAVAILABLE', /no Ed25519 signature/],
    [
      json(403, { errors: [`no: ${TOKEN}`] }),
      'SIGNING_KEY_REFUSED',
      /HTTP 403 "no: …" .*docs\/certificate\.md/,
    ],
    [json(404, {}), 'SIGNING_KEY_REFUSED', /HTTP 404/],
    [json(400, { errors: ['what?'] }), 'SIGNING_KEY_REFUSED', /HTTP 400 "what\?"/],
  ];
  for (const [answer, code, pattern] of cases) {
    fake.said.push(answer);
    await assert.rejects(key.sign(message), refusal(code, pattern));
  }
  await assert.rejects(open(fake, once, {}), refusal('SIGNING_KEY_REFUSED', /no token in the environment/));
});

test('a key that others could sign with, or that does not sign, is refused', async (t) => {
  const fake = await service(t);
  const cases: [Record<string, unknown>, KeyringErrorCode, RegExp][] = [
    [{ type: 'aes256-gcm96' }, 'SIGNING_KEY_REFUSED', /not ed25519/],
    [{ type: 'ed25519', derived: true }, 'SIGNING_KEY_REFUSED', /derived=false/],
    [{ type: 'ed25519', exportable: true }, 'SIGNING_KEY_REFUSED', /exportable=false/],
    [{ type: 'ed25519', allow_plaintext_backup: true }, 'SIGNING_KEY_REFUSED', /backup=false/],
    [{ type: 'ed25519', keys: {} }, 'SIGNING_KEY_UNAVAILABLE', /latest version/],
    [{ type: 'ed25519', keys: { 1: { public_key: 'AAAA' } } }, 'SIGNING_KEY_UNAVAILABLE', /latest version/],
  ];
  for (const [told, code, pattern] of cases) {
    fake.key = told;
    await assert.rejects(open(fake, once), refusal(code, pattern));
  }
});

test('it is tried again while the service is away, and closing ends that', async (t) => {
  const fake = await service(t);
  fake.said.push(json(503, {}), json(503, {}));
  const key = await open(fake);
  fake.said.push(json(503, {}));
  assert.ok(fits(key, await key.sign(message)));
  assert.equal(fake.asked.length, 5);
  fake.said.push(() => key.close());
  await assert.rejects(key.sign(message), refusal('KEYRING_CLOSED', /signing key was closed/));
});
