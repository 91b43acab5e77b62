// What encrypting costs: each driver by size, and one field of an Avro event through the whole serializer path, beside the same
// path without encryption and beside Confluent's client-side field encryption. All by turns (ABBA) in one run.
import { measureDrivers } from './support/cipher-drivers.mjs';
import { quantile } from './support/figures.mjs';
import { openConfluent } from './support/confluent-encryption.mjs';
import { openOurs } from './support/avro-events.mjs';

export const title = 'Encryption: drivers by size, and a field of an Avro event';
export const parts = ['drivers', 'path'];

const TURNS = 16;
const TURN_MS = 120;
const UNDISTURBED = 0.25;

export async function run({ say, only }) {
  const wanted = (part) => only.length === 0 || only.includes(part);
  return [
    ...(wanted('drivers') ? await measureDrivers({ say }) : []),
    ...(wanted('path') ? await measurePath({ say }) : []),
  ];
}

async function measurePath({ say }) {
  const ours = await openOurs();
  const confluent = await openConfluent({ say });
  const subjects = { ...ours.subjects, ...confluent.subjects };
  try {
    const turns = await takeTurns(subjects, say);
    return [...turns.map(rowOf), ...ratios(turns, confluent.measuredBefore)];
  } finally {
    await ours.close();
  }
}

/**
 * Each subject is `{ events(): array, encode(events): records, decode(records): events }`; what it prepares is not counted.
 * Its batches take a few ms, and what is told is what the quickest quarter of them keep within: on a machine that does other things
 * as well, these were not disturbed.
 */
async function takeTurns(subjects, say) {
  const names = Object.keys(subjects);
  const taken = Object.fromEntries(names.map((name) => [name, { encode: [], decode: [] }]));
  for (const name of names) await turn(subjects[name], { encode: [], decode: [] });
  for (let round = 0; round < TURNS; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse())
      await turn(subjects[name], taken[name]);
    say(`round ${round + 1} of ${TURNS}`);
  }
  return names.map((name) => {
    const encode = quantile(taken[name].encode, UNDISTURBED);
    const decode = quantile(taken[name].decode, UNDISTURBED);
    return { name, encode, decode, both: encode + decode };
  });
}

/** Adds to `taken` what each batch took, in µs an event. */
async function turn({ events, encode, decode }, taken) {
  const end = performance.now() + TURN_MS;
  while (performance.now() < end) {
    const batch = events();
    const began = performance.now();
    const records = await encode(batch);
    const between = performance.now();
    const decoded = await decode(records);
    const ended = performance.now();
    if (decoded.length !== batch.length) throw new Error('Events were lost.');
    taken.encode.push((1000 * (between - began)) / batch.length);
    taken.decode.push((1000 * (ended - between)) / batch.length);
  }
}

function rowOf({ name, encode, decode, both }) {
  const text = `${perSecond(encode)} encoded, ${perSecond(decode)} decoded, ${perSecond(both)} both`;
  return { what: name, measured: 1e6 / both, text };
}

function ratios(turns, measuredBefore) {
  const both = Object.fromEntries(turns.map((subject) => [subject.name, subject.both]));
  const theirs = both['Confluent, encrypted'] ?? measuredBefore;
  const how = both['Confluent, encrypted'] === undefined ? ' (as measured before, not in this run)' : '';
  return [
    atLeast('encrypted ÷ off, one field', both['one field, off'] / both['one field'], 0.4),
    atLeast('the same, one event a call', both['one event a call, off'] / both['one event a call']),
    atLeast('encrypted ÷ off, two fields', both['two fields, off'] / both['two fields']),
    atLeast(`one field ÷ Confluent${how}`, theirs / both['one field'], 30),
    atLeast(`one event a call ÷ Confluent${how}`, theirs / both['one event a call']),
  ];
}

function atLeast(what, measured, limit) {
  const row = { what, measured, text: measured.toFixed(2) };
  return limit === undefined ? row : { ...row, wanted: `≥ ${limit}`, met: measured >= limit };
}

function perSecond(micros) {
  const rate = 1e6 / micros;
  return rate < 10_000 ? `${Math.round(rate)}/s` : `${(rate / 1000).toFixed(1)} k/s`;
}
