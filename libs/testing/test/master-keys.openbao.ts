import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openMasterKeys, type MasterKeys } from '@oubliette/keyring';
import { masterKeysContract } from '@oubliette/keyring/testing';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { startOpenBao } from '@oubliette/testing';
import { turnsTheEpoch } from './epoch-turn.js';
import { context, failsWith, secret, startKeyService } from './key-service.js';

const { server, gate } = await startKeyService(startOpenBao, ({ address }) => Number(new URL(address).port));
const TYPES = ['aes256-gcm96', 'chacha20-poly1305', 'aes128-gcm96', 'xchacha20-poly1305'];
let made = 0;

async function makeKey(type = 'aes256-gcm96'): Promise<string> {
  const key = `key-${++made}`;
  await server.request('POST', `transit/keys/${key}`, { type });
  return key;
}

/** A token that may do what the documentation says is needed for this key, and nothing else. */
async function tokenFor(key: string, without?: string): Promise<string> {
  const page = readFileSync(new URL('../../../../docs/master-keys.md', import.meta.url), 'utf8');
  const documented = /```hcl\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const rules = documented.replaceAll('oubliette', key).split(/\n(?=path)/);
  const policy = rules.filter((rule) => without === undefined || !rule.includes(`/${without}`)).join('\n');
  await server.request('POST', `sys/policies/acl/${key}`, { policy });
  const answer = await server.request('POST', 'auth/token/create', { policies: [key], no_parent: true });
  return (answer as { auth: { client_token: string } }).auth.client_token;
}

function open(key: string, token: string, address = server.address): Promise<MasterKeys> {
  return openMasterKeys(
    `transit:${address}/transit/${key}?token-variable=TOKEN`,
    {
      disk: new SystemDisk(),
      entropy: new SystemEntropy(),
      clock: new SystemClock(),
      environment: { TOKEN: token },
    },
    { timeoutMs: 1_000, attempts: 2, backoffMs: 20, breakerFailures: 100, cacheMs: 1 },
  );
}

for (const type of TYPES.slice(0, 2)) {
  masterKeysContract(`OpenBao, ${type}, with the documented policy`, async () => {
    const [key, foreign] = [await makeKey(type), await makeKey(type)];
    const [token, foreignToken] = [await tokenFor(key), await tokenFor(foreign)];
    return {
      open: () => open(key, token),
      openForeign: () => open(foreign, foreignToken),
      secrets: () => [token],
      dispose: async () => {},
    };
  });
}

/** A fresh key, and what it wrapped. */
async function wrappedBy(address?: string): Promise<{
  key: string;
  keys: MasterKeys;
  unwrap: () => Promise<Uint8Array | null>;
}> {
  const key = await makeKey();
  const keys = await open(key, await tokenFor(key), address);
  const wrapped = await keys.wrap(context, secret);
  const { fingerprint } = keys.current;
  return { key, keys, unwrap: () => keys.unwrap(fingerprint, context, wrapped, { fresh: true }) };
}

test('OpenBao: every type with associated data serves, and no other', async () => {
  for (const type of TYPES) {
    const key = await makeKey(type);
    (await open(key, server.rootToken)).close();
  }
  for (const [type, settings] of [
    ['ed25519', {}],
    ['rsa-2048', {}],
    ['aes256-gcm96', { exportable: true }],
    ['aes256-gcm96', { derived: true }],
  ] as const) {
    const key = `key-${++made}`;
    await server.request('POST', `transit/keys/${key}`, { type, ...settings });
    await assert.rejects(open(key, server.rootToken), failsWith('MASTER_KEY_REFUSED'), type);
  }
});

test('OpenBao: sealed is unavailable, and it goes on when it is unsealed', async () => {
  const { keys, unwrap } = await wrappedBy();
  await server.request('POST', 'sys/seal');
  const error = await unwrap().catch((reason: unknown) => reason);
  await server.request('POST', 'sys/unseal', { key: server.unsealKey() });
  failsWith('MASTER_KEY_UNAVAILABLE', /503.*sealed/)(error);
  assert.deepEqual(await unwrap(), secret);
  keys.close();
});

test('OpenBao: gone is unavailable, and it goes on when it is back', async () => {
  const { keys, unwrap } = await wrappedBy(`http://127.0.0.1:${gate.port}`);
  await gate.shut();
  await assert.rejects(unwrap(), failsWith('MASTER_KEY_UNAVAILABLE', /connection failed/));
  await gate.open();
  assert.deepEqual(await unwrap(), secret);
  keys.close();
});

test('OpenBao: one that hangs is left after the time limit, and it goes on when it answers again', async () => {
  const { keys, unwrap } = await wrappedBy();
  await server.pause();
  try {
    await assert.rejects(unwrap(), failsWith('MASTER_KEY_UNAVAILABLE', /no answer within 1000 ms/));
  } finally {
    server.resume();
  }
  assert.deepEqual(await unwrap(), secret);
  keys.close();
});

test('OpenBao: a token without the right, and one that was revoked, are refused', async () => {
  const { keys, key, unwrap } = await wrappedBy();
  await assert.rejects(
    open(key, await tokenFor(key, 'decrypt')),
    failsWith('MASTER_KEY_REFUSED', /HTTP 403 ".*permission denied" for decrypt\/key-/),
  );
  const weak = await open(key, await tokenFor(key, 'rotate'));
  await assert.rejects(weak.advance(1), failsWith('MASTER_KEY_REFUSED', /403.*rotate/s));
  const token = await tokenFor(key);
  const revoked = await open(key, token);
  await server.request('POST', 'auth/token/revoke', { token });
  await assert.rejects(revoked.wrap(context, secret), failsWith('MASTER_KEY_REFUSED', /403/));
  assert.deepEqual(await unwrap(), secret);
  for (const opened of [keys, weak, revoked]) opened.close();
});

test('OpenBao: a key that was deleted is refused', async () => {
  const { keys, key, unwrap } = await wrappedBy();
  await server.request('POST', `transit/keys/${key}/config`, { deletion_allowed: true });
  await server.request('DELETE', `transit/keys/${key}`);
  await assert.rejects(unwrap(), failsWith('MASTER_KEY_REFUSED', /HTTP 404/));
  await assert.rejects(keys.wrap(context, secret), failsWith('MASTER_KEY_REFUSED'));
  // The same name again is another key, and known as such.
  await server.request('POST', `transit/keys/${key}`, { type: 'aes256-gcm96' });
  const again = await open(key, await tokenFor(key));
  await assert.rejects(
    again.unwrap(keys.current.fingerprint, context, new Uint8Array(99)),
    failsWith('MASTER_KEY_MISMATCH'),
  );
  keys.close();
  again.close();
});

test('OpenBao: a destroyed version is gone from the service itself, for a process that still knew it too', async () => {
  const { keys, key, unwrap } = await wrappedBy();
  const other = await open(key, await tokenFor(key));
  await other.advance(1);
  await other.destroy(1);
  await assert.rejects(unwrap(), failsWith('MASTER_KEY_MISMATCH'));
  const told = (await server.request('GET', `transit/keys/${key}`)) as { data: Record<string, unknown> };
  assert.equal(told.data['min_available_version'], 2);
  await assert.rejects(
    server.request('POST', `transit/keys/${key}/config`, { min_decryption_version: 1 }),
    /400/,
    'not even root brings a trimmed version back',
  );
  keys.close();
  other.close();
});

test('OpenBao: destroying goes on where a crash stopped it, and destroying nothing does nothing', async () => {
  const { keys, key } = await wrappedBy();
  await keys.advance(1);
  assert.deepEqual(await keys.destroy(0), { recoverableUntil: null });
  assert.equal((await keys.keys()).length, 2);
  await server.request('POST', `transit/keys/${key}/config`, {
    min_decryption_version: 2,
    min_encryption_version: 2,
  });
  assert.equal((await keys.keys()).length, 1);
  await keys.destroy(1);
  const told = (await server.request('GET', `transit/keys/${key}`)) as { data: Record<string, unknown> };
  assert.equal(told.data['min_available_version'], 2);
  keys.close();
});

test('OpenBao: a wrap under an epoch that another process ended says so', async () => {
  const { keys, key } = await wrappedBy();
  const other = await open(key, await tokenFor(key));
  await other.advance(1);
  await other.destroy(1);
  await assert.rejects(keys.wrap(context, secret), failsWith('MASTER_KEY_UNAVAILABLE', /turned meanwhile/));
  assert.deepEqual(keys.current, other.current);
  await keys.wrap(context, secret);
  keys.close();
  other.close();
});

test('OpenBao: an epoch turns, and what was copied before opens no more', async () => {
  const key = await makeKey();
  const token = await tokenFor(key);
  const { recoverableUntil } = await turnsTheEpoch(() => open(key, token));
  assert.equal(recoverableUntil, null);
});
