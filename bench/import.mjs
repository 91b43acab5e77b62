// How much of the import's rate encryption leaves: the same pipeline with it and without, by turns (ABBA) in one run.
import { setTimeout as pause } from 'node:timers/promises';
import { importLines } from './support/import-lines.mjs';
import { Sample } from './support/sample.mjs';

export const title = 'Import: encrypted against encryption off (bundled broker, embedded database)';

export async function run({ say }) {
  const data = await importLines();
  const rates = { encrypted: [], plain: [] };
  for (const kind of ['encrypted', 'plain', 'plain', 'encrypted']) {
    const rate = await importRate(data, { plain: kind === 'plain' });
    rates[kind].push(rate);
    say(`${kind}: ${Math.round(rate)} lines/s`);
  }
  const ratio = mean(rates.encrypted) / mean(rates.plain);
  return [
    row('encrypted', rates.encrypted, data),
    row('encryption off', rates.plain, data),
    { what: 'encrypted ÷ off', measured: ratio, text: ratio.toFixed(2), wanted: '≥ 0.8', met: ratio >= 0.8 },
  ];
}

/** Lines a second from the first request until the read model has counted all of them. */
export async function importRate({ bodies, course, lines, views }, options) {
  const sample = await Sample.start(options);
  try {
    const began = performance.now();
    for (const body of bodies)
      await sample.ask('POST', '/import', body, { contentType: 'application/x-ndjson' });
    for (;;) {
      const counted = await sample.ask('GET', `/courses/${course}/engagement`, undefined, {
        expected: [404],
      });
      if (counted?.views === views) break;
      if (counted?.views > views) throw new Error(`${counted.views} views were counted of ${views}`);
      await pause(50);
    }
    return (lines / (performance.now() - began)) * 1000;
  } finally {
    await sample.close();
  }
}

function row(what, rates, { lines, source }) {
  const rate = mean(rates);
  return {
    what: `${what}, ${lines} lines (${source})`,
    measured: rate,
    runs: rates,
    text: `${Math.round(rate)} lines/s`,
  };
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
