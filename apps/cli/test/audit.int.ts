import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBroker } from '@oubliette/broker';
import { createDirectClient } from '@oubliette/kafka';
import { oubliette, realClock, type Ran } from './cli-harness.js';
import { FakeSample, type Answered, type Asked } from './fake-sample.js';

const email = 'zebedee.qwyxley@example.org';
const directory = mkdtempSync(join(tmpdir(), 'oubliette-cli-audit-'));
const clock = realClock();
let broker: Awaited<ReturnType<typeof startBroker>>;

before(async () => {
  broker = await startBroker({ dataDir: directory, port: 0 });
  const client = createDirectClient({ brokers: [broker.bootstrap], clientId: 'cli-test', clock });
  await client.createTopic({ name: 'lessons.dlt', partitions: 2 });
  await client.produceBatch('lessons.dlt', 1, [{ key: null, value: Buffer.from(`{"to":"${email}"}`) }]);
  await client.close();
});

after(async () => {
  await broker.stop();
  rmSync(directory, { recursive: true });
});

const asked = ['audit', 'leaks', '--terms', '-', '--json'];

async function beside(
  answer: (asked: Asked) => Answered,
  args: readonly string[] = [],
): Promise<Ran & { asked: readonly Asked[] }> {
  const sample = await FakeSample.start(answer);
  try {
    const ran = await oubliette([...asked, '--data-dir', '/data', '--brokers', broker.bootstrap, ...args], {
      files: sample.files,
      clock,
      stdin: email,
    });
    return { ...ran, asked: sample.asked };
  } finally {
    await sample.stop();
  }
}

const own = { clean: true, complete: true, hits: 0, findings: [], unseen: [] };
const tables = {
  name: 'tables',
  kind: 'table',
  entries: 9,
  bytes: 99,
  hits: 0,
  unseen: 0,
  failed: 0,
  failure: null,
};

test('audit leaks reads all topics from the brokers, and asks the sample for its own sources', async () => {
  const {
    code,
    out,
    err,
    asked: requests,
  } = await beside(() => ({
    status: 200,
    body: { report: { ...own, sources: [tables] } },
  }));
  assert.equal(code, 1, err);
  const { findings, sources } = JSON.parse(out) as {
    findings: { place: string }[];
    sources: { name: string }[];
  };
  assert.deepEqual(
    findings.map(({ place }) => place),
    ['lessons.dlt-1@0 value'],
  );
  assert.deepEqual(
    sources.map(({ name }) => name),
    ['topics', 'application: tables'],
  );
  assert.equal(requests[0]?.path, '/privacy/audit/leaks');
  assert.equal(requests[0]?.authorization, 'Bearer secret-token');
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), { terms: [email], patterns: [], topics: false });
  assert.ok(!`${out}${err}`.includes('qwyxley'));
});

test('audit leaks is not clean where the sample found something, refused, or is away', async () => {
  const finding = {
    source: 'tables',
    kind: 'table',
    place: 'row 1',
    term: 1,
    pattern: null,
    form: 'utf-8',
    unpacked: false,
    hits: 3,
  };
  const found = await beside(
    () => ({
      status: 200,
      body: { report: { ...own, clean: false, hits: 3, findings: [finding], sources: [tables] } },
    }),
    ['--pattern', 'iban'],
  );
  assert.equal(found.code, 1);
  assert.equal((JSON.parse(found.out) as { hits: number }).hits, 4);
  for (const [answer, failure] of [
    [{ status: 409, body: { code: 'AUDIT_UNDER_WAY', title: 'Conflict' } }, 'SAMPLE_REFUSED'],
    [{ status: 200, body: { problem: { code: 'AUDIT_STOPPED' } } }, 'SAMPLE_REFUSED'],
    [
      { status: 200, body: { progress: { source: 'tables', entries: 1, bytes: 1, hits: 0, done: false } } },
      'SAMPLE_UNREACHABLE',
    ],
    [{ status: 200, drop: true }, 'SAMPLE_UNREACHABLE'],
  ] as const) {
    const { code, out } = await beside(() => answer);
    const report = JSON.parse(out) as { complete: boolean; sources: { failure: string | null }[] };
    assert.deepEqual([code, report.complete, report.sources[1]?.failure], [1, false, failure]);
  }
});

test('audit leaks leaves the sample alone where it is told to', async () => {
  const { asked: requests, out } = await beside(() => ({ status: 500 }), ['--no-application']);
  assert.equal(requests.length, 0);
  assert.equal((JSON.parse(out) as { complete: boolean }).complete, true);
});
