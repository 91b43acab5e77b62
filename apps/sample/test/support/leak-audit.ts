import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Kafka, logLevel } from 'kafkajs';
import { readSettings } from '../../src/startup/settings.js';
import { startSample } from '../../src/startup/start-sample.js';
import { Client, eventually } from './client.js';

const person = {
  id: 'learner-qwyxley-0815',
  name: 'Zebedee Qwyxley',
  email: 'zebedee.qwyxley@leak-audit.example',
  region: 'Qwyxley-under-Lyme',
};
const terms = Object.values(person);

interface Report {
  readonly clean: boolean;
  readonly complete: boolean;
  readonly findings: readonly { readonly source: string; readonly place: string; readonly term: number }[];
  readonly sources: readonly { readonly name: string; readonly entries: number }[];
}

/** The running sample finds nothing of a student in all that it keeps, before and after forgetting; and what was planted, it finds. */
export function leakAudit(name: string, environment: () => Promise<Readonly<Record<string, string>>>): void {
  it(
    `the audit of a running sample is clean until something is planted: ${name}`,
    { timeout: 300_000 },
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'oubliette-leaks-'));
      const settings = readSettings({ PORT: '0', SAMPLE_CLASS: 'none', ...(await environment()) }, home);
      const sample = await startSample(settings, () => undefined);
      try {
        const client = new Client(sample.address, sample.adminToken);
        assert.equal((await client.post('/students', person)).status, 201);
        const view = { course: 'AUD-1', site: 7, day: 1, clicks: 2 };
        assert.equal((await client.post(`/students/${person.id}/lesson-views`, view)).status, 202);
        await eventually(async () =>
          assert.equal((await client.get(`/students/${person.id}/lesson-views`)).body.length, 1),
        );
        assertClean(await auditOf(client));
        assert.equal((await client.post(`/privacy/users/${person.id}/forget`)).status, 202);
        assertClean(await auditOf(client));

        const log = gzipSync(`mail to ${person.email}`);
        writeFileSync(join(settings.dataDir, 'mail.log.gz'), log);
        await plantRecord(sample.brokers[0] ?? '', 'elsewhere', JSON.stringify({ who: person.name }));
        const { findings } = await auditOf(client);
        const found = findings.map(({ source, place, term }) => [
          source,
          place.replace(settings.dataDir, ''),
          term,
        ]);
        const where = found.map(([source, place, term]) => `${source} ${place} ${term}`).sort();
        assert.deepEqual(where, [
          'directories /broker/elsewhere-0/00000000000000000000.log 2',
          'directories /mail.log.gz 3',
          'topics elsewhere-0@0 value 2',
        ]);
      } finally {
        await sample.close();
        rmSync(home, { recursive: true });
      }
    },
  );
}

async function auditOf({ address, token }: Client): Promise<Report> {
  const response = await fetch(`${address}/privacy/audit/leaks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ terms }),
  });
  assert.equal(response.status, 200);
  const last = (await response.text()).trimEnd().split('\n').at(-1) ?? '';
  assert.ok(!last.includes('qwyxley'));
  return (JSON.parse(last) as { report: Report }).report;
}

function assertClean({ findings, complete, sources }: Report): void {
  assert.deepEqual([findings, complete], [[], true]);
  assert.deepEqual(
    sources.map(({ name }) => name),
    ['topics', 'tables', 'directories'],
  );
  assert.ok(sources.every(({ entries }) => entries > 20));
}

async function plantRecord(broker: string, topic: string, value: string): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: null, value }] });
  await producer.disconnect();
}
