import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatch, type CompressionName } from '@oubliette/protocol';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { isSegmentName, packedBatches } from '../../src/log-files/packed-batches.js';

const batch = (offset: number, value: string, compression: CompressionName): Uint8Array =>
  encodeBatch({
    baseOffset: BigInt(offset),
    compression,
    records: [{ key: null, value: Buffer.from(value), timestamp: 1n, headers: [] }],
  });

async function look(...parts: readonly Uint8Array[]): Promise<string[]> {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/log');
  disk.replaceFileSync('/log/segment', Buffer.concat(parts));
  const file = disk.openSync('/log/segment', 'read');
  const seen: string[] = [];
  for await (const one of packedBatches(file)) {
    const what =
      'code' in one
        ? one.code
        : Buffer.from(one.records)
            .toString('latin1')
            .replace(/[^ -~]/g, '');
    seen.push(`${one.position} ${what}`);
  }
  file.closeSync();
  return seen;
}

test('unpacks the batches of every codec, and passes over what is not packed', async () => {
  const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
  for (const codec of codecs) {
    const plain = batch(0, 'plain', 'none');
    const [first, ...others] = await look(plain, batch(1, `packed ${codec}`, codec), plain);
    assert.match(first ?? '', new RegExp(`^${plain.length} .*packed ${codec}`));
    assert.deepEqual(others, []);
  }
});

test('goes through a segment larger than what it holds of it, batches larger than that included', async () => {
  const plain = batch(0, 'x'.repeat(700_000), 'none');
  const random = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * index * 7919) >> 5));
  const large = batch(1, random.toString('latin1'), 'gzip');
  const last = batch(2, 'the last one', 'lz4');
  const seen = await look(plain, plain, large, plain, plain, last);
  assert.equal(seen.length, 2);
  assert.match(seen[1] ?? '', /the last one/);
});

test('ends where there are no more batches: zeros, a cut one, another format, nothing', async () => {
  const packed = batch(0, 'packed', 'gzip');
  const older = Uint8Array.from(packed);
  older[16] = 1;
  for (const rest of [[new Uint8Array(500), packed], [older, packed], [packed.subarray(0, 70)]])
    assert.equal((await look(packed, ...rest)).length, 1);
  assert.deepEqual(await look(), []);
});

test('names a batch that does not unpack, and goes on behind it', async () => {
  const broken = Uint8Array.from(batch(0, 'packed', 'gzip')).fill(0xff, 61);
  const seen = await look(broken, batch(1, 'good', 'gzip'));
  assert.equal(seen[0], '0 CORRUPT_MESSAGE');
  assert.match(seen[1] ?? '', /good/);
});

test("knows segments by their names, and nothing else's", () => {
  for (const name of ['00000000000000000000.log', '00000000000000000042.log.deleted'])
    assert.ok(isSegmentName(name));
  for (const name of ['app.log', '00000000000000000000.index', '00000000000000000000.log.gz'])
    assert.ok(!isSegmentName(name));
});
