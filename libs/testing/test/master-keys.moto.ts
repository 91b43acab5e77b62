import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMasterKeys, type MasterKeys } from '@oubliette/keyring';
import { masterKeysContract } from '@oubliette/keyring/testing';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { startMoto } from '@oubliette/testing';
import { turnsTheEpoch } from './epoch-turn.js';
import { context, failsWith, secret, startKeyService } from './key-service.js';

// moto ignores the state of keys: a key that awaits its deletion still decrypts there. So what these tests show of
// destroying is what is asked of the service and what the driver itself refuses, not what AWS refuses.

const REGION = 'eu-central-1';
const DAY = 86_400_000;
const credentials = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' };
Object.assign(process.env, credentials, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
const { server, gate } = await startKeyService(startMoto, ({ port }) => port);
let made = 0;

/** A call of the KMS API without the SDK. */
async function kms(operation: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(server.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=testing/20260101/${REGION}/kms/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${operation}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function makeEpoch(alias: string): Promise<string> {
  const { KeyMetadata } = await kms('CreateKey', {});
  const { KeyId } = KeyMetadata as { KeyId: string };
  await kms('CreateAlias', { AliasName: alias, TargetKeyId: KeyId });
  return KeyId;
}

async function makeAlias(): Promise<string> {
  const alias = `alias/oubliette/test-${++made}`;
  await makeEpoch(`${alias}/epoch-1`);
  return alias;
}

function open(alias: string, endpoint = server.endpoint): Promise<MasterKeys> {
  return openMasterKeys(
    `kms:${alias}?region=${REGION}&endpoint=${endpoint}`,
    { disk: new SystemDisk(), entropy: new SystemEntropy(), clock: new SystemClock(), environment: {} },
    { timeoutMs: 20_000, attempts: 2, backoffMs: 20, breakerFailures: 100, cacheMs: 1 },
  );
}

masterKeysContract('AWS KMS by moto', async () => {
  const [alias, foreign] = [await makeAlias(), await makeAlias()];
  return {
    open: () => open(alias),
    openForeign: () => open(foreign),
    refusesOtherKeys: true,
    secrets: () => [credentials.AWS_SECRET_ACCESS_KEY],
    dispose: async () => {},
  };
});

test('AWS KMS by moto: the context is bound as a hash, and shows nothing', async () => {
  const alias = await makeAlias();
  const keys = await open(alias);
  const wrapped = await keys.wrap(context, secret);
  const ask = { CiphertextBlob: Buffer.from(wrapped).toString('base64') };
  await assert.rejects(kms('Decrypt', ask), /InvalidCiphertext/, 'without a context');
  const hash = await contextHash();
  const answer = await kms('Decrypt', { ...ask, EncryptionContext: { 'oubliette-context': hash } });
  assert.deepEqual(new Uint8Array(Buffer.from(String(answer['Plaintext']), 'base64')), secret);
  keys.close();
});

test('AWS KMS by moto: destroying schedules the deletion of the key itself, and tells its end', async () => {
  const alias = await makeAlias();
  const keys = await open(alias);
  await keys.advance(1);
  const started = new SystemClock().now();
  const { recoverableUntil } = await keys.destroy(1);
  assert.ok(recoverableUntil !== null);
  assert.ok(Math.abs(recoverableUntil - started - 7 * DAY) < 120_000, `${recoverableUntil - started}`);
  const { KeyMetadata } = await kms('DescribeKey', { KeyId: `${alias}/epoch-1` });
  assert.equal((KeyMetadata as { KeyState: string }).KeyState, 'PendingDeletion');
  keys.close();
});

test('AWS KMS by moto: no such alias is refused, and says what to make', async () => {
  await assert.rejects(open('alias/oubliette/none'), failsWith('MASTER_KEY_REFUSED', /epoch-1/));
});

test('AWS KMS by moto: gone is unavailable, and it goes on when it is back', async () => {
  const keys = await open(await makeAlias(), `http://127.0.0.1:${gate.port}`);
  const wrapped = await keys.wrap(context, secret);
  const unwrap = () => keys.unwrap(keys.current.fingerprint, context, wrapped, { fresh: true });
  await gate.shut();
  await assert.rejects(unwrap(), failsWith('MASTER_KEY_UNAVAILABLE', /ECONN/));
  await gate.open();
  assert.deepEqual(await unwrap(), secret);
  keys.close();
});

test('AWS KMS by moto: an epoch turns, and what was copied before opens no more', async () => {
  const alias = await makeAlias();
  const began = Date.now();
  const { recoverableUntil } = await turnsTheEpoch(() => open(alias));
  assert.ok(recoverableUntil !== null && recoverableUntil - began > 6 * DAY, `${recoverableUntil}`);
});

/** SPEC.md, computed apart from the driver. */
async function contextHash(): Promise<string> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const key = new TextEncoder().encode('oubliette/v1/master-key-context');
  return Buffer.from(sodium.crypto_generichash(32, context, key)).toString('base64');
}
