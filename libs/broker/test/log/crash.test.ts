import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { batch, newLog, open, readAll, reopen, type Row } from './fixture.js';

interface Attempt {
  readonly base: bigint;
  readonly rows: readonly Row[];
  durable: boolean;
}

/** Appends at random, crashes at random, and says what was sent and what was acknowledged as durable. */
async function live(seed: number): Promise<{ sent: Map<bigint, string[]>; safe: Attempt[]; found: Row[] }> {
  const chance = new SeededEntropy(seed);
  const world = await open({ segmentBytes: 600 + chance.below(2_000), indexIntervalBytes: 100 });
  const log = newLog(world);
  const sent = new Map<bigint, string[]>();
  const safe: Attempt[] = [];
  const steps = 1 + chance.below(30);
  for (let step = 0; step < steps; step++) {
    const pairs = Array.from({ length: 1 + chance.below(3) }, (_, index) => {
      return [`k${step}.${index}`, `${seed}:${'v'.repeat(chance.below(200))}`] as const;
    });
    if (chance.below(12) === 0)
      world.disk.fail({ operation: 'write', code: 'ENOSPC', stored: chance.below(10) / 10 });
    const durable = chance.below(2) === 0;
    const attempt = async (): Promise<void> => {
      const expected = log.logEndOffset;
      const appending = log.append(batch(pairs), { durable });
      const rows = pairs.map(([key, value], index) => ({ offset: expected + BigInt(index), key, value }));
      for (const row of rows)
        sent.set(row.offset, [...(sent.get(row.offset) ?? []), `${row.key}=${row.value}`]);
      const result = await appending;
      assert.equal(result.baseOffset, expected);
      await result.durable;
      if (durable) safe.push({ base: result.baseOffset, rows, durable });
    };
    const running = attempt().catch((error: unknown) => {
      if (!/KAFKA_STORAGE_ERROR/.test(String(error))) throw error;
    });
    if (chance.below(3) === 0) await running;
  }
  for (let turn = chance.below(6); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
  const known = [...safe];
  const next = await reopen(world, world.disk.crash(seed));
  const again = next.logs.get('events', 0);
  const found = again === undefined ? [] : await readAll(again);
  if (again !== undefined) {
    const more = await again.append(batch([['more', 'x']]), { durable: true });
    assert.ok(more.baseOffset >= (found.at(-1)?.offset ?? -1n));
  }
  return { sent, safe: known, found };
}

test('what was acknowledged as durable survives any crash; nothing is served that was not sent there', async () => {
  let survivors = 0;
  let lost = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { sent, safe, found } = await live(seed);
    const byOffset = new Map(found.map((row) => [row.offset, `${row.key}=${row.value}`]));
    for (const { rows } of safe) {
      for (const row of rows)
        assert.equal(byOffset.get(row.offset), `${row.key}=${row.value}`, `seed ${seed}`);
    }
    for (const [offset, content] of byOffset) {
      assert.ok(
        sent.get(offset)?.includes(content),
        `seed ${seed}: offset ${offset} was never sent like that`,
      );
    }
    const offsets = found.map((row) => Number(row.offset));
    assert.deepEqual(
      offsets,
      [...offsets].sort((left, right) => left - right),
      `seed ${seed}: order`,
    );
    survivors += found.length;
    lost += sent.size - found.length;
  }
  assert.ok(survivors > 500 && lost > 200, `the runs prove little: ${survivors} survivors, ${lost} lost`);
});
