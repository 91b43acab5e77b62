import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOffsets } from '../../src/key-topic/read-offsets.js';
import { SimulatedLink } from './simulated-link.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function filled(count: number): SimulatedLink {
  const link = new SimulatedLink(1);
  const records = Array.from({ length: count }, (_, index) => ({ key: utf8(`k${index}`), value: utf8('v') }));
  link.appendElsewhere(0, records);
  return link;
}

const keysOf = async (link: SimulatedLink, offsets: readonly number[]): Promise<(string | null)[]> =>
  (await readOffsets(link, 0, offsets.map(BigInt))).map(
    (found) => found && Buffer.from(found.key).toString(),
  );

test('neighbours are looked up together, what stands far apart each by itself, and no look is large', async () => {
  const link = filled(100_000);
  assert.deepEqual(await keysOf(link, [50_003, 50_000, 7, 99_999, 50_001]), [
    'k50003',
    'k50000',
    'k7',
    'k99999',
    'k50001',
  ]);
  assert.deepEqual(
    link.looks.map(({ offset }) => offset).sort((a, b) => Number(a - b)),
    [7n, 50_000n, 99_999n],
  );
  assert.ok(link.looks.every(({ maxBytes }) => maxBytes <= 1_024));
});

test('a long run is looked up piece by piece', async () => {
  const link = filled(2_000);
  const offsets = Array.from({ length: 1_000 }, (_, index) => 500 + index);
  assert.deepEqual(
    await keysOf(link, offsets),
    offsets.map((offset) => `k${offset}`),
  );
  assert.ok(link.looks.length > 1 && link.looks.length < 10, `${link.looks.length} looks`);
  assert.ok(link.looks.every(({ maxBytes }) => maxBytes <= 64 * 1_024));
});

test('what compaction took is null, with a look that stops where the log does', async () => {
  const link = filled(1_000);
  link.compact(0, ({ offset }) => offset % 3n === 0n && offset < 600n);
  assert.deepEqual(await keysOf(link, [0, 1, 2, 3, 598, 599, 600, 999, 5_000]), [
    'k0',
    null,
    null,
    'k3',
    null,
    null,
    null,
    null,
    null,
  ]);
});

test('what a quota held back is not taken for absent', async () => {
  const link = filled(10);
  link.isThrottled = true;
  await assert.rejects(keysOf(link, [3]), { code: 'KEY_TOPIC_UNAVAILABLE', retriable: true });
});

test('a failing look fails the call, and the bytes of a record are the caller’s', async () => {
  const link = filled(10);
  const [found] = await readOffsets(link, 0, [3n]);
  found?.key.fill(0);
  assert.deepEqual(await keysOf(link, [3]), ['k3']);
  link.down = true;
  await assert.rejects(keysOf(link, [3]), { retriable: true });
});
