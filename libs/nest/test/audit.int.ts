import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { valueSource, type AuditSource, type LeakReport } from '@oubliette/privacy';
import { LeakAuditService } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { TOKEN, buildApp } from './app.js';

const email = 'zebedee.qwyxley@example.org';
const directory = mkdtempSync(join(tmpdir(), 'oubliette-nest-audit-'));
after(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'app.log'), `to ${email}\n`);

const cache = valueSource({
  name: 'console cache',
  kind: 'cache',
  values: () => [{ place: 'row 1', content: JSON.stringify({ email }) }],
});

async function start(sources: readonly AuditSource[] = [cache]) {
  const engine = await openTestEngine();
  const value = Buffer.from(`{"email":"${email}"}`);
  engine.cluster.append({ topic: 'school.views', key: null, value, headers: { user: email } });
  const app = await buildApp(engine, [], { audit: { directories: [directory], sources } });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const ask = (body: unknown, token = TOKEN, signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${port}/privacy/audit/leaks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  return { app, ask };
}

const placesOf = (report: { findings: readonly { source: string; place: string }[] }): string[] =>
  report.findings.map(({ source, place }) => `${source}: ${place.replace(directory, '')}`);

it('what an application declares is read, with all topics, by the service', async () => {
  const { app } = await start();
  const report = await app.get(LeakAuditService).audit({ terms: [email] });
  assert.deepEqual(placesOf(report), [
    'topics: school.views-0@0 value',
    'topics: school.views-0@0 header 1',
    'console cache: row 1',
    'directories: /app.log',
  ]);
  const clean = await app.get(LeakAuditService).audit({ terms: ['somebody.else@example.org'] });
  assert.deepEqual([clean.clean, clean.complete, clean.sources.length], [true, true, 3]);
});

it('and by the guarded route, which tells progress, then the report, and no term', async () => {
  const { ask } = await start();
  assert.equal((await ask({ terms: [email] }, 'wrong')).status, 401);
  const response = await ask({ terms: [email], patterns: ['email', 'Qwyx?ley'], topics: false });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const text = await response.text();
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { progress?: object; report?: LeakReport });
  assert.ok(lines.slice(0, -1).every((line) => 'progress' in line) && lines.length > 2);
  const { report } = lines.at(-1)!;
  assert.ok(report);
  assert.deepEqual(placesOf(report), [
    ...Array.from({ length: 2 }, () => 'console cache: row 1'),
    ...Array.from({ length: 2 }, () => 'directories: /app.log'),
  ]);
  assert.ok(!text.includes('qwyxley') && !text.includes('Qwyx'));
});

it('a question that means nothing is a problem that names its field', async () => {
  const { ask } = await start();
  for (const [body, code, field] of [
    [{}, 'AUDIT_QUESTION_INVALID', undefined],
    [{ terms: ['ab'] }, 'AUDIT_QUESTION_INVALID', undefined],
    [{ terms: email }, 'BODY_INVALID', 'terms'],
    [{ terms: [email], patterns: [7] }, 'BODY_INVALID', 'patterns'],
    [{ terms: [email], patterns: ['('] }, 'AUDIT_QUESTION_INVALID', undefined],
    [{ terms: [email], patterns: ['(a)\\1'] }, 'AUDIT_PATTERN_UNSUPPORTED', undefined],
    [{ terms: [email], topics: 'no' }, 'BODY_INVALID', 'topics'],
  ] as const) {
    const response = await ask(body);
    const problem = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([response.status, problem['code'], problem['field']], [400, code, field]);
  }
});

it('one at a time, until the caller hangs up or the application stops', async () => {
  let reads = 0;
  const endless: AuditSource = {
    name: 'endless',
    kind: 'cache',
    async *entries() {
      for (;;) {
        reads++;
        await new Promise((resolve) => setImmediate(resolve));
        yield { place: 'row', content: Buffer.from('x') };
      }
    },
  };
  const { app, ask } = await start([endless]);
  const caller = new AbortController();
  const first = await ask({ terms: [email] }, TOKEN, caller.signal);
  assert.equal(first.status, 200);
  const second = await ask({ terms: [email] });
  assert.equal(second.status, 409);
  caller.abort();
  // Its end is heard of a little later.
  let again = await ask({ terms: [email] });
  for (let tries = 0; again.status === 409 && tries < 200; tries++) again = await ask({ terms: [email] });
  assert.equal(again.status, 200);
  await Promise.all([app.close(), again.text().catch(() => 'cut')]);
  const before = reads;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(reads, before);
});
