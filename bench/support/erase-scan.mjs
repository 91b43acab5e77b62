import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectClient, createPartitionReader } from '@oubliette/kafka';
import { SystemClock } from '@oubliette/runtime';
import { postgresInstalled, startKafka, startPostgres, temporaryDirectory } from '@oubliette/testing';
import { findsPlanted, plainScan } from './plain-scan.mjs';
import { Sample } from './sample.mjs';
import { forgetStudent, registerStudents, untilErased } from './students.mjs';
import { unwrapUserKeys } from './unwrap-user-keys.mjs';

const registered = 300;
const forgotten = 200;
const stay = registered - forgotten;

/** Every file of a run, before and after most of its users were erased, looked through for their keys and their data. */
export async function eraseScan(say) {
  say('bundled broker, embedded database');
  const rows = await scanBoth('bundled', {}, [], say);
  if (process.env['OUBLIETTE_KAFKA_LIBS'] === undefined || !postgresInstalled()) return rows;
  say('Apache Kafka, PostgreSQL');
  const directory = temporaryDirectory('oubliette-bench-');
  // Of its own: PostgreSQL's user must be able to walk to it.
  const database = temporaryDirectory('oubliette-bench-');
  const closers = [() => directory.remove(), () => database.remove()];
  try {
    const kafka = await startKafka({ workDir: join(directory.path, 'kafka') });
    closers.push(() => kafka.stop());
    const postgres = await startPostgres({ workDir: database.path, durable: true });
    closers.push(() => postgres.stop());
    const options = { brokers: kafka.bootstrap, databaseUrl: postgres.url };
    return [
      ...rows,
      ...(await scanBoth('Kafka + PostgreSQL', options, [directory.path, database.path], say)),
    ];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function scanBoth(where, options, directories, say) {
  const sample = await Sample.start(options);
  try {
    const students = await registerStudents(sample, registered);
    const before = await userKeysOf(sample);
    const places = [sample.directory, ...directories];
    const found = async (list) => (await plainScan(list, places)).found;
    const standing = await found(before.map(({ wrapped }) => hex(wrapped)));
    const erasing = students.slice(0, forgotten);
    const ids = [];
    for (const { id } of erasing) ids.push(await forgetStudent(sample, id));
    // Captured before they were forgotten; whose they were, their fences say.
    const { fenced } = await keyTopicOf(sample);
    const keys = before.filter(({ userRef }) => fenced.has(userRef));
    if (keys.length !== forgotten || fenced.size !== forgotten)
      throw new Error(`${keys.length} keys and ${fenced.size} fences of ${forgotten} users`);
    const needles = needlesOf(keys, erasing);
    for (const id of ids) await untilErased(sample, id);
    const all = [...needles.wrapped, ...needles.raw, ...needles.personal];
    const planted = await findsPlanted(all);
    const { files, bytes } = await plainScan(all, places);
    const living = await found(
      before.filter(({ userRef }) => !fenced.has(userRef)).map(({ wrapped }) => hex(wrapped)),
    );
    say(`${where}: ${files} files, ${mib(bytes)} looked through`);
    const left = {
      wrapped: await found(needles.wrapped),
      raw: await found(needles.raw),
      personal: await found(needles.personal),
    };
    const control = { standing, living, planted, wanted: all.length };
    return rowsOf(where, control, left, { files, bytes });
  } finally {
    await sample.close();
  }
}

function rowsOf(where, { standing, living, planted, wanted }, left, { files, bytes }) {
  return [
    told(`${where}: wrapped keys found, nobody forgotten`, standing, registered),
    told(`${where}: wrapped keys of the living, after`, living, stay),
    told(`${where}: what is looked for, found where it was put`, planted, wanted),
    told(`${where}: wrapped keys of the ${forgotten} erased, after`, left.wrapped, 0),
    told(`${where}: the keys themselves, unwrapped`, left.raw, 0),
    told(`${where}: their names, addresses and ids`, left.personal, 0),
    { what: `${where}: looked through`, measured: bytes, text: `${files} files, ${mib(bytes)}` },
  ];
}

function told(what, measured, wanted) {
  return { what, measured, text: `${measured}`, wanted: `${wanted}`, met: measured === wanted };
}

function mib(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function needlesOf(keys, students) {
  return {
    wrapped: keys.map(({ wrapped }) => hex(wrapped)),
    raw: keys.map(({ raw }) => hex(raw)),
    personal: students.flatMap(({ id, name, email }) => [name, email, id].map((value) => `text:${value}`)),
  };
}

function hex(bytes) {
  return `hex:${bytes.toString('hex')}`;
}

async function userKeysOf(sample) {
  const { keys } = JSON.parse(readFileSync(join(sample.directory, 'keys', 'keys.json'), 'utf8'));
  const { records } = await keyTopicOf(sample);
  return unwrapUserKeys(records, Buffer.from(keys[0].key, 'base64'));
}

/** The key topic's records as they stand, and the users who have a fence. */
async function keyTopicOf(sample) {
  const { brokers, keyTopic } = JSON.parse(
    readFileSync(join(sample.directory, 'data', 'oubliette.json'), 'utf8'),
  );
  const clock = new SystemClock();
  const client = createDirectClient({ brokers: [brokers].flat(), clientId: 'bench', clock });
  const reader = createPartitionReader(client);
  try {
    const { topics } = await client.metadata([keyTopic]);
    const records = [];
    for (const { partition } of topics[0].partitions)
      for await (const { key, value } of reader.scan(keyTopic, partition))
        records.push({
          key: Buffer.from(key ?? '').toString(),
          value: value === null ? null : Buffer.from(value),
        });
    const fenced = records.filter(({ key, value }) => value !== null && /^[0-9a-f]{32}$/.test(key));
    return { records, fenced: new Set(fenced.map(({ key }) => key)) };
  } finally {
    await reader.close();
    await client.close();
  }
}
