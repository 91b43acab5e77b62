import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { KeyringError } from '../../src/index.js';
import { openKmsSdk } from '../../src/master-keys/kms/kms-sdk.js';

/** What the service answers next: AWS's JSON 1.1 protocol. */
let answer: { status: number; body: string } = { status: 200, body: '{}' };
let server: Server;
let endpoint: string;
const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'hunter2hunter2',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

before(async () => {
  Object.assign(process.env, credentials);
  server = createServer((_, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  for (const name of Object.keys(credentials)) delete process.env[name];
  server.close();
});

const open = () => openKmsSdk({ alias: 'alias/a', region: 'eu-central-1', endpoint });
const failure = (status: number, type: string) => ({
  status,
  body: JSON.stringify({ __type: type, message: 'm' }),
});

test('what AWS KMS and the network answer is told apart, without a credential in any message', async () => {
  const api = await open();
  const cases: [typeof answer, string, RegExp][] = [
    [failure(400, 'AccessDeniedException'), 'MASTER_KEY_REFUSED', /key policy or in IAM/],
    [failure(400, 'DisabledException'), 'MASTER_KEY_REFUSED', /Enable it/],
    [failure(400, 'KMSInvalidStateException'), 'MASTER_KEY_REFUSED', /awaiting its deletion/],
    [failure(400, 'NotFoundException'), 'MASTER_KEY_REFUSED', /region, the account/],
    [failure(400, 'ExpiredTokenException'), 'MASTER_KEY_REFUSED', /Renew/],
    [failure(400, 'SomethingNewException'), 'MASTER_KEY_REFUSED', /SomethingNewException \(HTTP 400\)/],
    [failure(400, 'ThrottlingException'), 'MASTER_KEY_UNAVAILABLE', /ThrottlingException/],
    [failure(400, 'LimitExceededException'), 'MASTER_KEY_UNAVAILABLE', /LimitExceeded/],
    [failure(500, 'KMSInternalException'), 'MASTER_KEY_UNAVAILABLE', /KMSInternalException/],
    [failure(503, 'DependencyTimeoutException'), 'MASTER_KEY_UNAVAILABLE', /DependencyTimeout/],
    [{ status: 502, body: '<html>bad gateway</html>' }, 'MASTER_KEY_UNAVAILABLE', /HTTP 502/],
  ];
  for (const [given, code, pattern] of cases) {
    answer = given;
    await assert.rejects(api.describeKey('k'), (error: unknown) => {
      assert.ok(error instanceof KeyringError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, pattern);
      assert.equal(/hunter2|AKIATEST/.test(inspect(error, { depth: 20 })), false);
      return true;
    });
  }
  for (const type of ['InvalidCiphertextException', 'IncorrectKeyException']) {
    answer = failure(400, type);
    assert.equal(await api.decrypt('k', 'c', Uint8Array.of(1)), null);
  }
  answer = failure(400, 'AlreadyExistsException');
  assert.equal(await api.createAlias('alias/a', 'k'), false);
  assert.equal(/hunter2/.test(inspect(api, { depth: 20, showHidden: true })), false);
  api.close();
});

test('a listener that is gone is unavailable, and an aborted call rejects with its reason', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const api = await openKmsSdk({
    alias: 'alias/a',
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${port}`,
  });
  await assert.rejects(
    api.describeKey('k'),
    (error: unknown) =>
      error instanceof KeyringError &&
      error.code === 'MASTER_KEY_UNAVAILABLE' &&
      /ECONNREFUSED/.test(error.message),
  );
  const reason = new Error('enough');
  await assert.rejects(api.describeKey('k', AbortSignal.abort(reason)), reason);
  api.close();
});

test('aliases are read page by page, up to a bound', async () => {
  const api = await open();
  let page = 0;
  const handlers = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (_, response) => {
    page++;
    const Aliases = [
      { AliasName: `alias/a/epoch-${page}`, TargetKeyId: `k${page}` },
      { AliasName: 'alias/b' },
    ];
    response.end(
      JSON.stringify({ Aliases, ...(page === 3 ? {} : { Truncated: true, NextMarker: `m${page}` }) }),
    );
  });
  assert.deepEqual([...(await api.listAliases('alias/a/')).values()], ['k1', 'k2', 'k3']);
  page = 3;
  await assert.rejects(api.listAliases('alias/a/'), /more than 100 pages/);
  server.removeAllListeners('request');
  for (const handler of handlers) server.on('request', handler as () => void);
  api.close();
});

test('an SDK that is not installed is told with what to install', () => {
  const hooks = `export async function resolve(name, context, next) {
    if (name === '@aws-sdk/client-kms') throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const asModule = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const preload = asModule(
    `import { register } from 'node:module'; register(${JSON.stringify(asModule(hooks))});`,
  );
  const door = new URL('../../src/index.js', import.meta.url).href;
  const script = `const { openKmsMasterKeys } = await import('${door}');
    await openKmsMasterKeys({ alias: 'alias/a' }).catch((error) => console.log(error.code, error.message));`;
  const run = spawnSync(process.execPath, ['--import', preload, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.match(run.stdout, /^MASTER_KEY_SDK_MISSING .*npm install @aws-sdk\/client-kms@/, run.stderr);
});
