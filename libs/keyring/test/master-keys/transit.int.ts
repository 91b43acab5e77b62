import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { KeyringError, openTransitMasterKeys, type KeyringErrorCode } from '../../src/index.js';

/** What a real service does not do, or only on bad days. */
type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;
const TOKEN = 's.hunter2hunter2';
let server: Server;
let address: string;
let answer: Answer;

before(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => answer(request, Buffer.concat(parts).toString('utf8'), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const open = (environment: Record<string, string> = { TOKEN }) =>
  openTransitMasterKeys(
    { address, mount: 'a/b', key: 'k', namespace: 'n', token: { variable: 'TOKEN' } },
    { disk: new SimulatedDisk(), environment },
  );
const refusal = (code: KeyringErrorCode, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof KeyringError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  assert.equal(inspect(error, { depth: 20 }).includes('hunter2'), false);
  return true;
};
const json = (status: number, content: unknown): Answer => {
  return (_, __, response) => response.writeHead(status).end(JSON.stringify(content));
};
const KEY = { type: 'aes256-gcm96', latest_version: 1, keys: { 1: 0 }, min_decryption_version: 1 };

/** A service whose ciphertext is the plaintext, bound to nothing: what one without associated data amounts to. */
const unbound: Answer = (request, body, response) => {
  const given = body === '' ? {} : (JSON.parse(body) as Record<string, string>);
  const data = request.url?.includes('/encrypt/')
    ? { ciphertext: `vault:v1:${given['plaintext']}` }
    : request.url?.includes('/decrypt/')
      ? { plaintext: given['ciphertext']?.split(':')[2] }
      : request.url?.includes('/hmac/')
        ? { hmac: `vault:v1:${Buffer.alloc(32, 1).toString('base64')}` }
        : KEY;
  response.end(JSON.stringify({ data }));
};

test('bad days are unavailable, refusals are refused, and no token is in any message', async () => {
  const echo = { errors: [`no: ${TOKEN} \u001b[31m ${'x'.repeat(1000)}`] };
  const cases: [Answer, KeyringErrorCode, RegExp][] = [
    [json(503, { errors: ['Vault is sealed'] }), 'MASTER_KEY_UNAVAILABLE', /HTTP 503 "Vault is sealed"/],
    [json(500, 'x'), 'MASTER_KEY_UNAVAILABLE', /HTTP 500/],
    [json(429, {}), 'MASTER_KEY_UNAVAILABLE', /HTTP 429/],
    [json(473, {}), 'MASTER_KEY_UNAVAILABLE', /HTTP 473/],
    [json(412, {}), 'MASTER_KEY_UNAVAILABLE', /HTTP 412/],
    [json(200, { nothing: 1 }), 'MASTER_KEY_UNAVAILABLE', /not from a Transit service/],
    [(_, __, response) => response.end('<html>'), 'MASTER_KEY_UNAVAILABLE', /not from a Transit service/],
    [(_, __, response) => response.end('x'.repeat(2 ** 20 + 1)), 'MASTER_KEY_UNAVAILABLE', /failed/],
    [(_, __, response) => response.destroy(), 'MASTER_KEY_UNAVAILABLE', /UND_ERR_SOCKET|ECONNRESET/],
    [json(200, { data: { ...KEY, keys: { 7: 0 } } }), 'MASTER_KEY_UNAVAILABLE', /versions/],
    [json(403, echo), 'MASTER_KEY_REFUSED', /HTTP 403 "no: … .*Renew the token/],
    [json(404, { errors: [] }), 'MASTER_KEY_REFUSED', /the mount exist|its mount exist/],
    [json(400, { errors: ['what?'] }), 'MASTER_KEY_REFUSED', /HTTP 400 "what\?"/],
    [json(200, { data: { ...KEY, type: 'rsa-2048' } }), 'MASTER_KEY_REFUSED', /rsa-2048/],
    [json(200, { data: { ...KEY, derived: true } }), 'MASTER_KEY_REFUSED', /derived=false/],
    [json(200, { data: { ...KEY, exportable: true } }), 'MASTER_KEY_REFUSED', /exportable=false/],
    [json(200, { data: { ...KEY, allow_plaintext_backup: true } }), 'MASTER_KEY_REFUSED', /backup=false/],
    [unbound, 'MASTER_KEY_REFUSED', /does not bind associated data/],
  ];
  for (const [given, code, pattern] of cases) {
    answer = given;
    await assert.rejects(open(), refusal(code, pattern));
  }
});

test('a redirect is not followed: the token goes to nobody else', async () => {
  let elsewhere = 0;
  answer = (request, _, response) => {
    if (request.url?.startsWith('/elsewhere')) elsewhere++;
    response.writeHead(307, { location: `${address}/elsewhere` }).end();
  };
  await assert.rejects(open(), refusal('MASTER_KEY_UNAVAILABLE', /HTTP 307/));
  assert.equal(elsewhere, 0);
});

test('the request is at the mount and namespace, with the token as it is at that moment', async () => {
  const seen: unknown[] = [];
  answer = (request, _, response) => {
    const { headers } = request;
    seen.push([request.method, request.url, headers['x-vault-namespace'], headers['x-vault-token']]);
    json(403, {})(request, _, response);
  };
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/run');
  const settings = { address, mount: 'a/b', key: 'k', namespace: 'n', token: { file: '/run/token' } };
  const openOnce = () => openTransitMasterKeys(settings, { disk, environment: {} });
  await assert.rejects(openOnce(), refusal('MASTER_KEY_REFUSED', /no token in the file \/run\/token/));
  for (const token of ['first', 'second']) {
    disk.replaceFileSync('/run/token', new TextEncoder().encode(`${token}\n`));
    await assert.rejects(openOnce(), refusal('MASTER_KEY_REFUSED', /HTTP 403/));
  }
  assert.deepEqual(seen, [
    ['GET', '/v1/a/b/keys/k', 'n', 'first'],
    ['GET', '/v1/a/b/keys/k', 'n', 'second'],
  ]);
  await assert.rejects(open({}), refusal('MASTER_KEY_REFUSED', /no token in the environment variable TOKEN/));
  await assert.rejects(open({ TOKEN: 'hunter2\nx' }), refusal('MASTER_KEY_REFUSED', /no token/));
});

test('an aborted call rejects with its reason', async () => {
  answer = () => {};
  const reason = new Error('enough');
  const limit = new AbortController();
  const opening = openTransitMasterKeys(
    { address, key: 'k', token: { variable: 'TOKEN' } },
    { disk: new SimulatedDisk(), environment: { TOKEN } },
    { signal: limit.signal },
  );
  limit.abort(reason);
  await assert.rejects(opening, reason);
});
