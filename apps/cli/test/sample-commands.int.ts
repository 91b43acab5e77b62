import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oubliette, realClock, type Ran } from './cli-harness.js';
import { FakeSample, type Answered, type Asked } from './fake-sample.js';

const erasure = { erasureId: 'e-1', state: 'forgotten', deadline: 1_800_000_000_000, bound: 5_000 };

async function against(
  answer: (asked: Asked, count: number) => Answered,
  args: readonly string[],
): Promise<Ran & { asked: readonly Asked[] }> {
  const sample = await FakeSample.start(answer);
  try {
    const ran = await oubliette([...args, '--data-dir', '/data'], {
      files: sample.files,
      clock: realClock(),
    });
    return { ...ran, asked: sample.asked };
  } finally {
    await sample.stop();
  }
}

test('users forget posts to the privacy route with the token, and prints the erasure', async () => {
  const { code, out, asked } = await against(
    () => ({ status: 202, body: erasure }),
    ['users', 'forget', 'a/b c', '--json'],
  );
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), erasure);
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.method, 'POST');
  assert.equal(asked[0]?.path, '/privacy/users/a%2Fb%20c/forget');
  assert.equal(asked[0]?.authorization, 'Bearer secret-token');
});

test('what the sample refuses is told with its own reason, exit 1, and without the id', async () => {
  const problem = {
    title: 'Unknown user',
    detail: 'There is no such user.',
    code: 'USER_UNKNOWN',
    status: 404,
  };
  const { code, out, err, asked } = await against(
    () => ({ status: 404, body: problem }),
    ['users', 'forget', 'ada-lovelace'],
  );
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(err, /404: USER_UNKNOWN: Unknown user: There is no such user\.\n$/);
  assert.ok(!err.includes('ada-lovelace'));
  assert.equal(asked.length, 1);
});

test('users status says the state, and how far forgetting has got', async () => {
  const ask = ['users', 'status', 'a/b c'];
  const active = await against(() => ({ status: 200, body: { state: 'active', erasure: null } }), ask);
  assert.equal(active.code, 0);
  assert.equal(active.asked[0]?.method, 'GET');
  assert.equal(active.asked[0]?.path, '/privacy/users/a%2Fb%20c');
  assert.equal(active.out, 'active\n');
  const body = { state: 'forgotten', erasure };
  const forgotten = await against(() => ({ status: 200, body }), ask);
  assert.match(forgotten.out, /^forgotten\ne-1 {2}forgotten\n/);
  const document = await against(() => ({ status: 200, body }), [...ask, '--json']);
  assert.deepEqual(JSON.parse(document.out), body);
});

test('erasure show and list read the ledger', async () => {
  const shown = await against(() => ({ status: 200, body: erasure }), ['erasure', 'show', 'e-1']);
  assert.equal(shown.code, 0);
  assert.equal(shown.asked[0]?.path, '/privacy/erasures/e-1');
  assert.match(shown.out, /e-1 {2}forgotten/);
  assert.match(shown.out, /bound 5 s/);
  const listed = await against(() => ({ status: 200, body: [erasure] }), ['erasure', 'list']);
  assert.equal(listed.asked[0]?.path, '/privacy/erasures');
  assert.match(listed.out, /e-1 +forgotten +2027-01-15T08:00:00\.000Z/);
  const page = ['erasure', 'list', '--limit', '5', '--before', 'e 1'];
  const next = await against(() => ({ status: 200, body: [] }), page);
  assert.equal(next.asked[0]?.path, '/privacy/erasures?limit=5&before=e+1');
  assert.equal((await oubliette(['erasure', 'list', '--limit', '0'])).code, 2);
});

test('a wrong token says what to check', async () => {
  const { code, err } = await against(
    () => ({ status: 401, body: { title: 'Unauthorized' } }),
    ['erasure', 'list'],
  );
  assert.equal(code, 1);
  assert.match(err, /admin token does not fit/);
});

test('without a sample the command says how to start one', async () => {
  const never = await oubliette(['erasure', 'list', '--data-dir', '/data']);
  assert.equal(never.code, 1);
  assert.match(never.err, /Run npm start first/);
  const sample = await FakeSample.start(() => ({ status: 200, body: [] }));
  const { files } = sample;
  await sample.stop();
  const gone = await oubliette(['erasure', 'list', '--data-dir', '/data'], { files, clock: realClock() });
  assert.equal(gone.code, 1);
  assert.match(gone.err, /Nothing answers at http:\/\/127\.0\.0\.1/);
});

test('a data directory that is a file is told as one', async () => {
  const file = { files: { '/somewhere/data': 'not a directory' } };
  const status = await oubliette(['users', 'status', 'ada', '--data-dir', '/somewhere/data'], file);
  assert.equal(status.code, 1);
  assert.match(status.err, /^oubliette: \/somewhere\/data is a file, not a directory\. [^\n]*\n$/);
  const topics = await oubliette(['topics', 'list', '--data-dir', '/somewhere/data'], file);
  assert.equal(topics.code, 2);
  assert.match(topics.err, /^oubliette: No brokers: [^\n]*\/somewhere\/data is a file[^\n]*\n$/);
});
