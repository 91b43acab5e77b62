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

const idsOf = ({ body }: Asked): string[] => (JSON.parse(body) as { ids: string[] }).ids;

test('users forget takes many from a file or standard input, in requests below the limit of a body', async () => {
  const ids = Array.from({ length: 2_500 }, (_, index) => `student-${index}-${'x'.repeat(60)}`);
  const answer = (asked: Asked): Answered => ({
    status: 202,
    body: { erasures: idsOf(asked).map((id) => (id.startsWith('student-7-') ? null : erasure)) },
  });
  const sample = await FakeSample.start(answer);
  try {
    const text = `\n${ids.join('\r\n')}\n`;
    for (const setting of [
      { files: { ...sample.files, '/d/list': text } },
      { files: sample.files, stdin: text },
    ]) {
      sample.asked.length = 0;
      const file = 'stdin' in setting ? '-' : '/d/list';
      const args = ['users', 'forget', '--file', file, '--json', '--data-dir', '/data'];
      const { code, out, err } = await oubliette(args, { ...setting, clock: realClock() });
      assert.equal(code, 1, err);
      const { erasures, ...document } = JSON.parse(out) as { erasures: unknown[] };
      assert.deepEqual(document, { asked: 2_500, forgotten: 2_499, held: [], unknown: [8] });
      assert.equal(erasures.length, 2_500);
      assert.deepEqual(sample.asked.flatMap(idsOf), ids);
      assert.ok(sample.asked.length < 6, `${sample.asked.length} requests`);
      for (const asked of sample.asked) {
        assert.equal(asked.path, '/privacy/users/forget');
        assert.equal(asked.contentType, 'application/json');
        assert.ok(Buffer.byteLength(asked.body) < 64_000 && idsOf(asked).length <= 1_000);
      }
      assert.ok(!err.includes('student-'));
    }
  } finally {
    await sample.stop();
  }
});

test('users forget takes several on the command line, and says no where one is nobody', async () => {
  const two = ['users', 'forget', 'ann', 'bob'];
  const done = await against(() => ({ status: 202, body: { erasures: [erasure, erasure] } }), two);
  assert.equal(done.code, 0, done.err);
  assert.equal(done.out, '2 of 2 users are forgotten.\n');
  assert.deepEqual(done.asked.flatMap(idsOf), ['ann', 'bob']);
  const nobody = await against(() => ({ status: 202, body: { erasures: [erasure, null] } }), two);
  assert.equal(nobody.code, 1);
  assert.match(nobody.out, /^1 of 2 users is forgotten\.\n1 never had a key \(counted from 1: 2\)/);
  const held = { ...erasure, state: 'held' };
  const waits = await against(() => ({ status: 202, body: { erasures: [erasure, held] } }), two);
  assert.equal(waits.code, 0, waits.err);
  assert.match(waits.out, /^1 of 2 users is forgotten\.\n1 under a legal hold \(counted from 1: 2\)/);
  const odd = await against(() => ({ status: 202, body: { erasures: [erasure] } }), two);
  assert.equal(odd.code, 1);
  assert.match(odd.err, /something else than an erasure for each user/);
});

test('a list of users that is none is wrong usage', async () => {
  for (const [args, setting] of [
    [['users', 'forget', 'ann', '--file', '-'], {}],
    [['users', 'forget', '--file', '-'], { stdin: '\n\n' }],
    [['users', 'forget', '--file', '/nowhere'], {}],
    [['users', 'forget', 'ann', ''], {}],
    [['keys', 'rotate'], {}],
  ] as const) {
    const { code, out, err } = await oubliette(args, setting);
    assert.equal(code, 2, args.join(' '));
    assert.equal(out, '');
    assert.match(err, /^oubliette: (users forget|keys rotate): /);
  }
});

test('erasure check says whether forgotten users came back', async () => {
  const check = ['erasure', 'check'];
  const clean = { checked: 12, returned: 0, forgottenAgain: 0, unresolved: 0 };
  const good = await against(() => ({ status: 200, body: clean }), check);
  assert.equal(good.code, 0, good.err);
  assert.equal(good.asked[0]?.method, 'POST');
  assert.equal(good.asked[0]?.path, '/privacy/erasures/check');
  const restored = { checked: 20, returned: 12, forgottenAgain: 12, unresolved: 0 };
  const bad = await against(() => ({ status: 200, body: restored }), check);
  assert.equal(bad.code, 1);
  assert.match(bad.out, /^12 forgotten users came back: /);
  const document = await against(() => ({ status: 200, body: restored }), [...check, '--json']);
  assert.equal(document.code, 1);
  const unrestricted = { ...clean, restrictions: { standing: 9, restrictedAgain: 3, unlogged: 2 } };
  const lost = await against(() => ({ status: 200, body: unrestricted }), check);
  assert.equal(lost.code, 1);
  assert.match(lost.out, /^3 restrictions were not in the key topic.*\n2 users are restricted/m);
  assert.deepEqual(JSON.parse(document.out), restored);
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
  const restrictedSince = '2026-11-23T08:00:00.000Z';
  const kept = { state: 'active', restricted: true, restrictedSince, erasure: null };
  const restricted = await against(() => ({ status: 200, body: kept }), ask);
  assert.equal(restricted.out, `active\n  restricted since ${restrictedSince}\n`);
  const alone = { state: 'forgotten', confirmed: false, erasure: null };
  const byLedger = await against(() => ({ status: 200, body: alone }), ask);
  assert.match(byLedger.out, /^forgotten\n {2}by the ledger: the brokers are away/);
  const body = { state: 'forgotten', erasure };
  const forgotten = await against(() => ({ status: 200, body }), ask);
  assert.match(forgotten.out, /^forgotten\ne-1 {2}forgotten\n/);
  const document = await against(() => ({ status: 200, body }), [...ask, '--json']);
  assert.deepEqual(JSON.parse(document.out), body);
});

test('erasure show and list read the ledger', async () => {
  const topics = [
    { topic: 'orders', way: 'tombstone', bound: 5_000, gone: true },
    { topic: 'visits', way: 'expiry', bound: null, gone: false },
  ];
  const shown = await against(
    () => ({ status: 200, body: { ...erasure, topics } }),
    ['erasure', 'show', 'e-1'],
  );
  assert.equal(shown.code, 0);
  assert.equal(shown.asked[0]?.path, '/privacy/erasures/e-1');
  assert.match(shown.out, /e-1 {2}forgotten/);
  assert.match(shown.out, /bound 5 s/);
  assert.match(
    shown.out,
    /topic orders, by tombstone: gone\n {2}records in topic visits, by expiry: not gone yet\n/,
  );
  const listed = await against(() => ({ status: 200, body: [erasure] }), ['erasure', 'list']);
  assert.equal(listed.asked[0]?.path, '/privacy/erasures');
  assert.match(listed.out, /e-1 +forgotten +2027-01-15T08:00:00\.000Z/);
  const page = ['erasure', 'list', '--limit', '5', '--before', 'e 1'];
  const next = await against(() => ({ status: 200, body: [] }), page);
  assert.equal(next.asked[0]?.path, '/privacy/erasures?limit=5&before=e+1');
  assert.equal(next.out, 'That was the oldest one.\n');
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
