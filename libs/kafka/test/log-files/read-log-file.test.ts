import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBatch, type CompressionName, type EncodableRecord } from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { readLogFile, type LogTrouble, type ReadLogFileOptions } from '../../src/log-files/read-log-file.js';

const codecs: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString();

function batch(baseOffset: number, values: readonly string[], compression: CompressionName = 'none'): Buffer {
  const records = values.map((value, index): EncodableRecord => ({
    timestamp: 1_700_000_000_000n,
    key: Buffer.from(`key-${baseOffset + index}`),
    value: Buffer.from(value),
  }));
  return Buffer.from(encodeBatch({ baseOffset: BigInt(baseOffset), records, compression }));
}

function fileOf(content: Uint8Array): { file: DiskFile; append: (more: Uint8Array) => void } {
  const disk = new SimulatedDisk();
  disk.replaceFileSync('/log', content);
  const writer = disk.openSync('/log', 'write');
  return {
    file: disk.openSync('/log', 'read'),
    append: (more) => writer.writeSync([more], writer.size()),
  };
}

/** All that a reading says, with copies of what is good for the moment alone. */
async function read(file: DiskFile, isLog = true, options: ReadLogFileOptions = {}) {
  const records: (readonly [bigint, string | null, string | null])[] = [];
  const stretches: { position: number; isDecoded: boolean; bytes: Buffer }[] = [];
  const unpacked: string[] = [];
  const troubles: LogTrouble[] = [];
  const tally = await readLogFile(
    file,
    isLog,
    {
      record: ({ offset, key, value }) => void records.push([offset, text(key), text(value)]),
      unpacked: (payload) => void unpacked.push(Buffer.from(payload).toString('latin1')),
      bytes: (bytes, position, isDecoded) =>
        void stretches.push({ position, isDecoded, bytes: Buffer.from(bytes) }),
      trouble: (trouble) => void troubles.push(trouble),
    },
    options,
  );
  const whole = Buffer.concat(stretches.map(({ bytes }) => bytes));
  let position = 0;
  for (const stretch of stretches) {
    assert.equal(stretch.position, position, 'a gap, or a byte twice');
    position += stretch.bytes.length;
  }
  const decoded = stretches.filter(({ isDecoded }) => isDecoded).length;
  return { tally, records, decoded, unpacked, troubles, whole };
}

test('every record of every codec is given, and every byte once, whatever is read at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.constantFrom(...codecs),
          fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 8 }),
        ),
        { maxLength: 12 },
      ),
      fc.integer({ min: 64, max: 3_000 }),
      async (batches, chunkBytes) => {
        let offset = 0;
        const expected: (readonly [bigint, string, string])[] = [];
        const content: Buffer[] = [];
        for (const [compression, values] of batches) {
          content.push(batch(offset, values, compression));
          for (const value of values) {
            // A lone surrogate becomes the replacement character on its way.
            expected.push([BigInt(offset), `key-${offset}`, Buffer.from(value).toString()]);
            offset++;
          }
        }
        const bytes = Buffer.concat(content);
        const seen = await read(fileOf(bytes).file, true, { chunkBytes });
        assert.deepEqual(seen.records, expected);
        assert.deepEqual(seen.troubles, []);
        assert.ok(seen.whole.equals(bytes));
        assert.equal(seen.decoded, batches.length);
        const tally = { bytes: bytes.length, batches: batches.length, records: expected.length };
        assert.deepEqual(seen.tally, tally);
      },
    ),
    { numRuns: 60 },
  );
});

test('a batch larger than a chunk is read whole, one beyond the bound is said and stepped over', async () => {
  const large = batch(1, ['x'.repeat(5_000)]);
  const bytes = Buffer.concat([batch(0, ['a']), large, batch(2, ['b'])]);
  const whole = await read(fileOf(bytes).file, true, { chunkBytes: 512 });
  assert.equal(whole.records.length, 3);
  const bounded = await read(fileOf(bytes).file, true, { chunkBytes: 512, maxBatchBytes: 1_000 });
  assert.deepEqual(
    bounded.records.map(([offset]) => offset),
    [0n, 2n],
  );
  const position = batch(0, ['a']).length;
  assert.deepEqual(bounded.troubles, [{ reason: 'too-large', position, bytes: large.length }]);
  assert.ok(bounded.whole.equals(bytes));
});

test('a tail cut anywhere is torn, and its bytes are given', async () => {
  const first = batch(0, ['whole']);
  const second = batch(1, ['cut off'], 'gzip');
  for (let cut = 1; cut < second.length; cut++) {
    const bytes = Buffer.concat([first, second.subarray(0, cut)]);
    const seen = await read(fileOf(bytes).file);
    assert.equal(seen.records.length, 1);
    // The first eight bytes are an offset, whose zeros say nothing.
    const isZeros = second.subarray(0, cut).every((byte) => byte === 0);
    const torn = [{ reason: 'torn', position: first.length, bytes: cut }];
    assert.deepEqual(seen.troubles, isZeros ? [] : torn, `cut at ${cut}`);
    assert.ok(seen.whole.equals(bytes));
  }
});

test('a batch that was being written when the reading began is read to its end, what came behind it is not', async () => {
  const [first, second, third] = [batch(0, ['a']), batch(1, ['b']), batch(2, ['c'])];
  const { file, append } = fileOf(Buffer.concat([first, second.subarray(0, 70)]));
  const growing: DiskFile = Object.create(file, {
    size: { value: () => file.size() },
    read: {
      value: async (...args: Parameters<DiskFile['read']>) => {
        const count = await file.read(...args);
        if (file.size() === first.length + 70) append(Buffer.concat([second.subarray(70), third]));
        return count;
      },
    },
  }) as DiskFile;
  const seen = await read(growing, true, { chunkBytes: 64 });
  assert.deepEqual(
    seen.records.map(([, , value]) => value),
    ['a', 'b'],
  );
  assert.deepEqual(seen.troubles, []);
});

test('what a wrong checksum is about is given all the same, and said', async () => {
  for (const compression of codecs) {
    const damaged = batch(1, ['still there'], compression);
    damaged[20]! ^= 0xff;
    const bytes = Buffer.concat([batch(0, ['a']), damaged, batch(2, ['b'])]);
    const seen = await read(fileOf(bytes).file);
    assert.deepEqual(
      seen.records.map(([, , value]) => value),
      ['a', 'still there', 'b'],
      compression,
    );
    const position = batch(0, ['a']).length;
    assert.deepEqual(seen.troubles, [{ reason: 'damaged', position, bytes: damaged.length }]);
    assert.equal(seen.decoded, 2);
    assert.ok(seen.whole.equals(bytes));
  }
});

test('behind a header that makes no sense everything is given as it is, and said', async () => {
  const first = batch(0, ['a']);
  const old = Buffer.concat([Buffer.alloc(8), Buffer.from([0, 0, 0, 40]), Buffer.alloc(4), Buffer.from([1])]);
  for (const [reason, rest] of [
    ['damaged', Buffer.alloc(400, 0x55)],
    ['old-format', Buffer.concat([old, Buffer.alloc(40, 7)])],
  ] as const) {
    const bytes = Buffer.concat([first, rest]);
    const seen = await read(fileOf(bytes).file, true, { chunkBytes: 100 });
    assert.equal(seen.records.length, 1);
    assert.deepEqual(seen.troubles, [{ reason, position: first.length, bytes: rest.length }]);
    assert.ok(seen.whole.equals(bytes));
  }
});

test('zeros behind the last batch, as a preallocated segment has them, are no trouble', async () => {
  for (const zeros of [5, 17, 4_096]) {
    const bytes = Buffer.concat([batch(0, ['a']), Buffer.alloc(zeros)]);
    const seen = await read(fileOf(bytes).file, true, { chunkBytes: 128 });
    assert.deepEqual(seen.troubles, []);
    assert.ok(seen.whole.equals(bytes));
  }
});

test('no byte of any file makes it fail, whatever stands in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...codecs),
      async (changes, compression) => {
        const bytes = Buffer.concat([batch(0, ['first', 'x'.repeat(80)], compression), batch(2, ['second'])]);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const seen = await read(fileOf(bytes).file);
        assert.ok(seen.whole.equals(bytes));
      },
    ),
    { numRuns: 200 },
  );
});

test('a file of another name is taken apart where it begins with an intact batch, else it is bytes alone', async () => {
  const copy = Buffer.concat([batch(0, ['a'], 'zstd'), batch(1, ['b'])]);
  assert.equal((await read(fileOf(copy).file, false)).records.length, 2);
  const damaged = Buffer.from(copy);
  damaged[20]! ^= 0xff;
  for (const content of [damaged, Buffer.alloc(0), Buffer.alloc(100), Buffer.from('0\n1\nkeys 0 17\n')]) {
    const seen = await read(fileOf(content).file, false);
    assert.deepEqual([seen.records, seen.troubles], [[], []]);
    assert.ok(seen.whole.equals(content));
  }
});

test('it ends when it is told to, and what the disk reports comes through', async () => {
  const { file } = fileOf(Buffer.concat([batch(0, ['a']), batch(1, ['b'])]));
  const told = new AbortController();
  told.abort(new Error('enough'));
  await assert.rejects(read(file, true, { signal: told.signal }), /enough/);
  await assert.rejects(read(file, false, { signal: told.signal }), /enough/);
  const disk = new SimulatedDisk();
  disk.replaceFileSync('/log', batch(0, ['a']));
  disk.fail({ operation: 'read', code: 'EIO' });
  await assert.rejects(read(disk.openSync('/log', 'read')), { code: 'EIO' });
});
