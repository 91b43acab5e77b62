import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { openDatabase, type Database } from '@oubliette/persistence';
import { SystemClock, SystemDisk } from '@oubliette/runtime';
import { readSettings, type Settings } from '../../src/startup/settings.js';
import { startSample } from '../../src/startup/start-sample.js';
import { readTopics } from '../real-data/raw-topics.js';
import { Client, eventually } from './client.js';
import { TraceSearch } from './traces.js';

const person = (n: number) => ({
  id: `learner-Qwyxley-${n}-0815`,
  name: `Zebedee Qwyxley the ${n}.`,
  email: `Zebedee.Qwyxley.${n}@Pseudonym-Audit.example`,
  region: `Qwyxley-under-Lyme ${n}`,
});
const [living, forgotten, imported] = [person(1), person(2), person(3)];
const people = [living, forgotten, imported, person(4)];
/** Whole values, for what may have been encoded or hashed, and the piece that all have in common. */
const wanted = ['Qwyxley', ...people.flatMap((one) => [...Object.values(one), one.email.toLowerCase()])];
const view = { course: 'AUD-1', site: 7, day: 1, clicks: 2 };

/** Issue of pseudonyms: after everything that the sample does, also what it refuses, nothing outside of envelopes tells who it was. */
export function pseudonymAudit(
  name: string,
  environment: () => Promise<Readonly<Record<string, string>>>,
): void {
  it(
    `no user id, e-mail or name stands in any record, topic, group, table, log line or metric of ours on ${name}`,
    { timeout: 300_000 },
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'oubliette-audit-'));
      const settings = readSettings({ PORT: '0', SAMPLE_CLASS: 'none', ...(await environment()) }, home);
      const lines: string[] = [];
      const search = new TraceSearch(wanted);
      try {
        let sample = await startSample(settings, (line) => lines.push(line));
        await useEverything(new Client(sample.address, sample.adminToken), sample.brokers[0] ?? '');
        await sample.close();
        sample = await startSample(settings, (line) => lines.push(line));
        const client = new Client(sample.address, sample.adminToken);
        const answer = JSON.stringify((await client.get(`/students/${living.id}`)).body);
        assert.deepEqual(search.found([['answer', answer]]), ['answer'], 'the search finds what is there');
        const cluster = await clusterOf(sample.brokers[0] ?? '');
        assert.ok(
          cluster.some(([place]) => place.includes('.dlt')),
          'dead letters are among them',
        );
        const open = [
          ['metrics', await textOf(client, '/metrics')],
          ['health', await textOf(client, '/health')],
          ['page', await textOf(client, '/')],
          ['erasures', await textOf(client, '/privacy/erasures')],
        ] as const;
        await sample.close();
        const tables = await tablesOf(settings);
        assert.ok(tables.some(([place]) => place.startsWith('oubliette_lookups')));
        const places = [
          ...cluster,
          ...open,
          ...tables,
          ...filesBelow(home),
          ...lines.map((line) => ['log', line] as const),
        ];
        assert.ok(places.length > 60);
        assert.ok(
          lines.some((line) => line.includes('Alarm')),
          'what was refused was logged',
        );
        assert.deepEqual(search.found(places), []);
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  );
}

/** What is done, refused, retried and set aside: each leaves something somewhere. */
async function useEverything(client: Client, broker: string): Promise<void> {
  for (const one of [living, forgotten]) assert.equal((await client.post('/students', one)).status, 201);
  assert.equal((await client.post('/students', living)).status, 409);
  assert.equal((await client.post('/students', { ...living, email: 7 })).status, 400);
  assert.equal((await client.post('/students', { ...living, id: living.id.repeat(99) })).status, 400);
  assert.equal((await client.post(`/students/${living.id}/lesson-views`, view)).status, 202);
  assert.equal((await client.get(`/students/${person(4).id}`)).status, 404);
  assert.equal((await client.get(`/no-route/${living.id}`)).status, 404);
  assert.equal((await client.post(`/privacy/users/${person(4).id}/forget`)).status, 404);
  const line = { type: 'student', line: 'a:1', ...imported };
  assert.equal((await client.importLines([line, { ...line, line: 'a:2', name: '' }])).status, 400);
  for (const email of [living.email, forgotten.email, imported.email, person(4).email])
    assert.equal((await client.post('/students/find', { email })).status, 200);
  await eventually(async () =>
    assert.equal((await client.post('/students/find', { email: forgotten.email })).body.length, 1),
  );
  await forge(broker);
  assert.equal((await client.post(`/privacy/users/${forgotten.id}/forget`)).status, 202);
  assert.equal((await client.post('/students', forgotten)).status, 410);
  assert.equal((await client.post(`/students/${forgotten.id}/lesson-views`, view)).status, 410);
  assert.deepEqual((await client.post('/students/find', { email: forgotten.email })).body, []);
  await eventually(async () => assert.ok((await topicsOf(broker)).some((topic) => topic.endsWith('.dlt'))));
}

/** A record that nobody of ours wrote, so that it is refused, logged and moved aside. */
async function forge(broker: string): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'com.udacity.students', messages: [{ key: null, value: 'no event' }] });
  await producer.disconnect();
}

type Places = (readonly [string, string | Uint8Array])[];

async function topicsOf(broker: string): Promise<string[]> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = await admin.listTopics();
  await admin.disconnect();
  return topics;
}

/** Names of topics and groups, and of every record its key, its headers and its value. */
async function clusterOf(broker: string): Promise<Places> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  const records = await readTopics(broker, /^(?!__)/);
  return [
    ['topics', (await topicsOf(broker)).join()],
    ['groups', JSON.stringify(groups)],
    ...records.flatMap(({ topic, partition, offset, key, value, headers }): Places => {
      const place = `${topic}-${partition}@${offset}`;
      return [
        [`${place} key`, key ?? ''],
        [`${place} value`, value ?? ''],
        [
          `${place} headers`,
          Buffer.concat(
            Object.entries(headers).flatMap(([name, given]) => [
              Buffer.from(name),
              ...[given ?? ''].flat().map((part) => Buffer.from(part)),
            ]),
          ),
        ],
      ];
    }),
  ];
}

/** Every cell of every table that there is. */
async function tablesOf(settings: Settings): Promise<Places> {
  const { databaseUrl, dataDir } = settings;
  const database: Database = await openDatabase({
    clock: new SystemClock(),
    ...(databaseUrl === null
      ? { file: join(dataDir, 'sample.db'), disk: new SystemDisk() }
      : { url: databaseUrl }),
  });
  const { rows } = await database.execute(
    databaseUrl === null
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const places: Places = [];
  for (const { name } of rows) {
    const table = String(name);
    for (const [index, row] of (await database.execute(`SELECT * FROM ${table}`)).rows.entries())
      for (const [column, cell] of Object.entries(row))
        places.push([`${table}.${column} #${index}`, cell instanceof Uint8Array ? cell : String(cell)]);
  }
  await database.close();
  return places;
}

async function textOf({ address, token }: Client, path: string): Promise<string> {
  const response = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200, path);
  return response.text();
}

function filesBelow(directory: string): Places {
  const paths = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  return paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path)] as const);
}
