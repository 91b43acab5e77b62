import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { ConnectionRate } from '../../src/server/connection-rate.js';

/* How long new connections are held back, against Kafka's own ConnectionQuotas with the same arrivals. */

const libs = process.env['OUBLIETTE_KAFKA_LIBS'];

interface Arrivals {
  readonly rate: number;
  readonly windowSeconds: number;
  readonly windows: number;
  /** Ms, never falling. */
  readonly times: readonly number[];
}

function kafkasDelays(cases: readonly Arrivals[]): readonly (readonly number[])[] {
  const program = fileURLToPath(new URL('../../../test/server/ConnectionDelays.java', import.meta.url));
  const lines = cases.map(({ rate, windowSeconds, windows, times }) =>
    [rate, windowSeconds, windows, ...times].join(' '),
  );
  const { status, stdout, stderr } = spawnSync('java', ['-cp', `${libs}/*`, program], {
    encoding: 'utf8',
    input: lines.join('\n'),
    maxBuffer: 16 * 1024 * 1024,
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
}

function ourDelays({ rate, windowSeconds, windows, times }: Arrivals): readonly number[] {
  const measured = new ConnectionRate({ windowMs: windowSeconds * 1000, samples: windows });
  return times.map((time) => measured.record(time, rate));
}

/** Bursts and gaps, from nothing to several times all windows. */
function randomArrivals(seed: number): Arrivals {
  const entropy = new SeededEntropy(seed);
  const [rate, windowSeconds, windows] = [entropy.below(8), 1 + entropy.below(3), 1 + entropy.below(12)];
  const longest = [1, 20, 400, 3_000, 3 * windows * windowSeconds * 1000];
  const times: number[] = [];
  let now = 0;
  for (let n = 0; n < 300; n++) {
    now += entropy.below(longest[entropy.below(longest.length)] ?? 1);
    times.push(now);
  }
  return { rate, windowSeconds, windows, times };
}

test(
  'connections that come too fast are held back for as long as Kafka does',
  { skip: libs === undefined },
  () => {
    const cases = Array.from({ length: 100 }, (_, seed) => randomArrivals(seed));
    const ours = cases.map(ourDelays);
    assert.deepEqual(ours, kafkasDelays(cases));
    const delays = ours.flat();
    assert.ok(delays.filter((ms) => ms > 0 && ms < 1000).length > 1000);
    assert.ok(delays.filter((ms) => ms === 0).length > 1000);
  },
);
