// Whole envelopes by each driver, by size: what the thresholds in libs/keyring/src/crypto/aead-choice.ts rest on.
import { randomFillSync } from 'node:crypto';
import { SystemEntropy } from '@oubliette/runtime';
import { chooseAlways, chooseBySize } from '../../libs/keyring/dist/src/crypto/aead-choice.js';
import { EntropyPool } from '../../libs/keyring/dist/src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../../libs/keyring/dist/src/crypto/envelope-engine.js';
import { loadAeads, sodiumOver } from '../../libs/keyring/dist/src/crypto/sodium.js';
import { NONCE_AT } from '../../libs/keyring/dist/src/envelope.js';
import { quantile } from './figures.mjs';

const KIB = 1024;
const SIZES = [64, 256, 512, KIB, 2 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, KIB * KIB];
const TURNS = 4;
const TURN_MS = 50;
const SAMPLE_MS = 1;
const WARM_CALLS = 50;
const binding = {
  stream: 'lesson-views',
  type: 'LessonViewed',
  eventId: '6f1c2a0e-0d3b-4a86-9f0a-2f4d1c9b7e55',
  path: 'student.name',
};

export async function measureDrivers({ say }) {
  const { memory, aeads } = await loadAeads();
  const headerKey = new Uint8Array(32);
  const entropy = new EntropyPool(new SystemEntropy());
  const engineOf = (choice) => new EnvelopeEngine(sodiumOver(memory, choice), headerKey, entropy);
  // The engine's own way with small values, at all sizes.
  const inPlace = { smallBytes: KIB * KIB, forLength: () => aeads.wasm };
  const engines = { WASM: engineOf(inPlace) };
  if (aeads.native) engines['sodium-native'] = engineOf(chooseAlways(aeads.native));
  if (aeads.node) engines['node:crypto'] = engineOf(chooseAlways(aeads.node));
  const rows = SIZES.map((size) => {
    say(`${size} bytes`);
    return rowOf(size, measureSize(size, engines), aeads);
  });
  for (const engine of Object.values(engines)) engine.close();
  return [...rows, worstChoice(rows)];
}

/** By driver: seals and opens a millisecond, by the quickest quarter of all samples. */
function measureSize(size, engines) {
  const plaintext = randomFillSync(new Uint8Array(size));
  const key = { key: randomFillSync(new Uint8Array(32)), prefix: new Uint8Array(NONCE_AT) };
  const names = Object.keys(engines);
  const taken = Object.fromEntries(names.map((name) => [name, { seal: [], open: [] }]));
  for (let round = 0; round < TURNS; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const engine = engines[name];
      const envelope = engine.seal(key, binding, plaintext);
      sample(taken[name].seal, () => engine.seal(key, binding, plaintext));
      sample(taken[name].open, () => {
        if (!engine.isHeaderAuthentic(envelope) || engine.open(key, binding, envelope) === null)
          throw new Error('An envelope does not open.');
      });
    }
  }
  const rate = (samples) => 1 / quantile(samples, 0.25);
  return Object.fromEntries(
    names.map((name) => [name, { seal: rate(taken[name].seal), open: rate(taken[name].open) }]),
  );
}

/** Adds ms a call, of calls that together take about a ms, so that what else the machine does falls on few samples. */
function sample(taken, call) {
  let calls = 1;
  for (let warm = 0; warm < WARM_CALLS; warm++) call();
  const end = performance.now() + TURN_MS;
  while (performance.now() < end) {
    const began = performance.now();
    for (let each = 0; each < calls; each++) call();
    const ms = performance.now() - began;
    if (ms < SAMPLE_MS / 2) calls *= 2;
    else taken.push(ms / calls);
  }
}

function rowOf(size, rates, aeads) {
  const cells = Object.entries(rates).map(
    ([name, { seal, open }]) => `${name} ${spell(seal)} / ${spell(open)}`,
  );
  const speeds = Object.fromEntries(
    Object.entries(rates).map(([name, { seal, open }]) => [name, 1 / (1 / seal + 1 / open)]),
  );
  const chosen = nameOf(chooseBySize(aeads).forLength(size));
  const measured = speeds[chosen] / Math.max(...Object.values(speeds));
  return {
    what: `${spellSize(size)}, sealed / opened, k/s`,
    measured,
    text: `${cells.join(', ')}; takes ${chosen}`,
  };
}

function worstChoice(rows) {
  const measured = Math.min(...rows.map((row) => row.measured));
  const what = 'driver taken ÷ fastest, where it is worst';
  return { what, measured, text: measured.toFixed(2), wanted: '≥ 0.7', met: measured >= 0.7 };
}

function nameOf({ name }) {
  return name === 'libsodium-wrappers' ? 'WASM' : name;
}

function spell(perMs) {
  return perMs < 10 ? perMs.toFixed(1) : String(Math.round(perMs));
}

function spellSize(size) {
  if (size >= KIB * KIB) return `${size / KIB / KIB} MiB`;
  return size >= KIB ? `${size / KIB} KiB` : `${size} B`;
}
