// How soon a user is forgotten under load, and erased in an idle sample: bundled, and on Kafka with PostgreSQL; and how soon ten
// running consumers refuse the user's values.
import { setTimeout as pause } from 'node:timers/promises';
import { postgresInstalled, startKafka, startPostgres, temporaryDirectory } from '@oubliette/testing';
import { atMost, quantile, spell } from './support/figures.mjs';
import { forgetEverywhere } from './support/forget-everywhere.mjs';
import { Sample } from './support/sample.mjs';

export const title =
  'Forgetting: forgetUser to forgotten at 10 requests/s, to erased in the idle sample, and to refusal in 10 running consumers';
export const parts = ['sample', 'consumers'];

const isQuick = process.argv.includes('--quick');
const perSecond = 10;
const underLoad = 200;
const idle = 5;
const bundledLimitMs = 10_000;

export async function run({ say, only }) {
  const isAsked = (part) => only.length === 0 || only.includes(part);
  const rows = isAsked('sample') ? await forgetInSample(say) : [];
  if (isAsked('consumers')) rows.push(...(await forgetEverywhere(say, isQuick)));
  return rows;
}

async function forgetInSample(say) {
  say('bundled broker, embedded database');
  const rows = await measure('bundled', {}, bundledLimitMs, say);
  if (process.env['OUBLIETTE_KAFKA_LIBS'] !== undefined && postgresInstalled())
    rows.push(...(await onKafkaAndPostgres(say)));
  return rows;
}

async function onKafkaAndPostgres(say) {
  say('Apache Kafka, PostgreSQL');
  const directory = temporaryDirectory('oubliette-bench-');
  const closers = [() => directory.remove()];
  try {
    const kafka = await startKafka({ workDir: directory.path });
    closers.push(() => kafka.stop());
    const postgres = await startPostgres({ workDir: directory.path, durable: true });
    closers.push(() => postgres.stop());
    const options = { brokers: kafka.bootstrap, databaseUrl: postgres.url };
    return await measure('Kafka + PostgreSQL', options, null, say);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** `limitMs` null: the bound that the erasures themselves report. */
async function measure(where, options, limitMs, say) {
  const sample = await Sample.start(options);
  try {
    await register(sample, underLoad + idle);
    await untilListed(sample, underLoad + idle);
    const requests = await forgetUnderLoad(sample);
    const forgotten = requests.map(({ ms }) => ms);
    say(`forgotten: p50 ${spell(quantile(forgotten, 0.5))}, p99 ${spell(quantile(forgotten, 0.99))}`);
    // Until nothing else is to be erased.
    for (const { erasureId } of requests) await untilErased(sample, erasureId);
    const erased = await eraseIdle(sample, say);
    const slowest = Math.max(...erased.map(({ ms }) => ms));
    const bound = limitMs ?? Math.min(...erased.map((erasure) => erasure.bound));
    return [
      {
        what: `${where}: forgotten, p50 of ${underLoad}`,
        measured: quantile(forgotten, 0.5),
        text: spell(quantile(forgotten, 0.5)),
      },
      atMost(`${where}: forgotten, p99 of ${underLoad}`, quantile(forgotten, 0.99), 100, forgotten),
      atMost(`${where}: erased, slowest of ${idle}`, slowest, bound, erased),
    ];
  } finally {
    await sample.close();
  }
}

async function register(sample, count) {
  const line = (index) =>
    JSON.stringify({
      type: 'student',
      line: `bench:${index}`,
      id: userId(index),
      name: `Student ${index}`,
      email: `student.${index}@example.org`,
    });
  const body = Array.from({ length: count }, (_, index) => line(index)).join('\n');
  await sample.ask('POST', '/import', body, { contentType: 'application/x-ndjson' });
}

/** The import goes on behind its answer: relay and read models are not to count as waiting for a forget. */
async function untilListed(sample, count) {
  for (;;) {
    const students = await sample.ask('GET', '/students');
    if (students.length >= count) return;
    await pause(50);
  }
}

/** Requests leave at their times whether or not earlier ones were answered; the wait counts from that time. */
async function forgetUnderLoad(sample) {
  const began = performance.now();
  const requests = Array.from({ length: underLoad }, async (_, index) => {
    const due = began + (index * 1000) / perSecond;
    await pause(Math.max(0, due - performance.now()));
    const { state, erasureId } = await forgetOne(sample, index);
    if (state !== 'forgotten' && state !== 'erased') throw new Error(`the answer says ${state}`);
    return { ms: performance.now() - due, erasureId };
  });
  return Promise.all(requests);
}

/** One user after the other. */
async function eraseIdle(sample, say) {
  const results = [];
  for (let index = underLoad; index < underLoad + idle; index++) {
    const began = performance.now();
    const { erasureId } = await forgetOne(sample, index);
    const { bound } = await untilErased(sample, erasureId);
    const ms = performance.now() - began;
    say(`erased: ${spell(ms)}, bound ${bound === null ? 'none' : spell(bound)}`);
    results.push({ ms, bound: bound ?? 0 });
  }
  return results;
}

function forgetOne(sample, index) {
  return sample.ask('POST', `/privacy/users/${userId(index)}/forget`);
}

async function untilErased(sample, erasureId) {
  for (;;) {
    const erasure = await sample.ask('GET', `/privacy/erasures/${erasureId}`);
    if (erasure.state === 'erased') return erasure;
    await pause(50);
  }
}

function userId(index) {
  return `bench-user-${index}`;
}
