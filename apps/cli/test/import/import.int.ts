import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { oubliette, realClock, type Ran } from '../cli-harness.js';
import { FakeSample, type Asked } from '../fake-sample.js';

const studentHeading =
  '"code_module","code_presentation","id_student","gender","region","highest_education","imd_band","age_band","disability"';
const viewHeading = '"code_module","code_presentation","id_student","id_site","date","sum_click"';

function dataset(context: TestContext, views: number, change: { lastView?: string } = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'oulad-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const students = [
    studentHeading,
    '"AAA","2013J",11391,"M","East ""Anglian"" Region","HE","90-100%","55<=","N"',
    '"BBB","2013J",11391,"M","Elsewhere","HE","90-100%","55<=","N"',
    '"AAA","2013J",28400,"F","Scotland","HE","20-30%","35-55","Y"',
  ];
  const rows = Array.from({ length: views }, (_, index) => `"AAA","2013J",28400,546652,${index - 10},4`);
  if (change.lastView !== undefined) rows.push(change.lastView);
  writeFileSync(join(directory, 'studentInfo.csv.gz'), gzipSync(`${students.join('\n')}\n`));
  writeFileSync(join(directory, 'studentVle-AAA-2013J.csv'), `${[viewHeading, ...rows].join('\n')}\n`);
  return directory;
}

function run(sample: FakeSample, directory: string, ...more: string[]): Promise<Ran> {
  const args = ['import', 'oulad', directory, '--json', '--data-dir', '/data', ...more];
  return oubliette(args, { files: sample.files, clock: realClock() });
}

interface Line {
  readonly type: string;
  readonly line: string;
}

function linesOf(asked: readonly Asked[]): Line[] {
  return asked.flatMap(({ body }) => body.trimEnd().split('\n')).map((text) => JSON.parse(text) as Line);
}

test('sends the students of the course, then their views, each with its place in the file', async (t) => {
  const sample = await FakeSample.start((asked) => ({
    status: 200,
    body: { lines: linesOf([asked]).length },
  }));
  t.after(() => sample.stop());
  const { code, out } = await run(sample, dataset(t, 2));
  assert.equal(code, 0);
  const lines = linesOf(sample.asked);
  assert.deepEqual(
    lines.map(({ type, line }) => `${type} ${line}`),
    [
      'student studentInfo.csv:2',
      'student studentInfo.csv:4',
      'lesson-view studentVle-AAA-2013J.csv:2',
      'lesson-view studentVle-AAA-2013J.csv:3',
    ],
  );
  const { name, email, ...student } = lines[0] as Line & Record<string, unknown>;
  assert.deepEqual(student, {
    type: 'student',
    line: 'studentInfo.csv:2',
    id: '11391',
    gender: 'M',
    region: 'East "Anglian" Region',
    imdBand: '90-100%',
    ageBand: '55<=',
    disability: 'N',
  });
  assert.ok(typeof name === 'string' && typeof email === 'string');
  assert.deepEqual(lines[2], {
    type: 'lesson-view',
    line: 'studentVle-AAA-2013J.csv:2',
    id: '28400',
    course: 'AAA-2013J',
    site: '546652',
    day: -10,
    clicks: 4,
  });
  const first = sample.asked[0];
  assert.equal(`${first?.method} ${first?.path} ${first?.contentType}`, 'POST /import application/x-ndjson');
  assert.equal(first?.authorization, 'Bearer secret-token');
  const report = JSON.parse(out) as Record<string, unknown>;
  assert.equal(report['lines'], 4);
  assert.deepEqual(report['counts'], { lines: 4 });
});

test('cuts what is long into requests of 5,000 lines, one after the other', async (t) => {
  let open = 0;
  let most = 0;
  const sample = await FakeSample.start((asked) => {
    most = Math.max(most, ++open);
    open--;
    return { status: 200, body: { lines: linesOf([asked]).length } };
  });
  t.after(() => sample.stop());
  const { code, out } = await run(sample, dataset(t, 12_000));
  assert.equal(code, 0);
  assert.deepEqual(
    sample.asked.map((asked) => linesOf([asked]).length),
    [5_000, 5_000, 2_002],
  );
  assert.equal(most, 1);
  assert.equal((JSON.parse(out) as Record<string, unknown>)['lines'], 12_002);
});

test('sends a request again whose connection broke, and waits for a sample that starts anew', async (t) => {
  const first = await FakeSample.start((_asked, count) => ({
    status: 200,
    drop: count === 2,
    body: { lines: 1 },
  }));
  let again: FakeSample | null = null;
  t.after(() => again?.stop());
  const running = run(first, dataset(t, 9_000));
  let ended = false;
  void running.finally(() => (ended = true));
  while (first.asked.length < 2 && !ended) await new Promise((resolve) => setImmediate(resolve));
  await first.stop();
  again = await FakeSample.start(
    () => ({ status: 200, body: { lines: 1 } }),
    Number(new URL(first.address).port),
  );
  const { code, err } = await running;
  assert.equal(code, 0, err);
  assert.match(err, /waiting up to 120 s/);
  assert.match(err, /The sample is back/);
  const [once, broken] = first.asked;
  assert.ok(once && broken);
  const counted = new Set(linesOf([once, ...again.asked]).map(({ line }) => line));
  assert.equal(counted.size, 9_002);
  assert.equal(again.asked[0]?.body, broken.body);
});

test('gives up after --wait with the reason', async (t) => {
  const sample = await FakeSample.start(() => ({ status: 503, body: { title: 'Starting' } }));
  t.after(() => sample.stop());
  const { code, err } = await run(sample, dataset(t, 1), '--wait', '350ms');
  assert.equal(code, 1);
  assert.match(err, /503: Starting/);
  assert.ok(sample.asked.length >= 2);
});

test('stops at what the sample refuses', async (t) => {
  const detail = 'studentInfo.csv:2: email is missing';
  const sample = await FakeSample.start(() => ({ status: 400, body: { title: 'Bad line', detail } }));
  t.after(() => sample.stop());
  const { code, err } = await run(sample, dataset(t, 1));
  assert.equal(code, 1);
  assert.match(err, /studentInfo\.csv:2: email is missing/);
  assert.equal(sample.asked.length, 1);
});

test('says what is wrong with the dataset', async (t) => {
  const sample = await FakeSample.start(() => ({ status: 200, body: {} }));
  t.after(() => sample.stop());
  const missing = await run(sample, tmpdir());
  assert.equal(missing.code, 1);
  assert.match(missing.err, /no studentInfo\.csv/);
  const nobody = await run(sample, dataset(t, 1), '--module', 'AAA', '--presentation', '2099J');
  assert.equal(nobody.code, 1);
  const torn = await run(sample, dataset(t, 1, { lastView: '"AAA","2013J",28400' }));
  assert.match(torn.err, /studentVle-AAA-2013J\.csv, line 3: 3 fields where the heading has 6/);
  const odd = await run(sample, dataset(t, 1, { lastView: '"AAA","2013J",28400,546652,many,4' }));
  assert.match(odd.err, /line 3: date is no whole number/);
});

test('--rate slows the import down', async (t) => {
  const sample = await FakeSample.start(() => ({ status: 200, body: {} }));
  t.after(() => sample.stop());
  const { code, out } = await run(sample, dataset(t, 38), '--rate', '100');
  assert.equal(code, 0);
  const { seconds } = JSON.parse(out) as { seconds: number };
  assert.ok(seconds >= 0.4, `${seconds} s`);
});
