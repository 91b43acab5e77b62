import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  compress,
  compressAside,
  Compression,
  COMPRESSION_LEVELS,
  decompress,
  decompressAside,
  encodeBatch,
  iterateBatches,
  iterateRecords,
  KafkaError,
} from '../../src/index.js';

const PACKING = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const refused = (error: unknown): boolean =>
  error instanceof KafkaError && error.codeName === 'CORRUPT_MESSAGE';

const tooLarge = (error: unknown): boolean =>
  error instanceof KafkaError && error.codeName === 'MESSAGE_TOO_LARGE';

const content = (length: number): Buffer =>
  Buffer.from('{"course":"AAA","week":7,"clicks":12},'.repeat(Math.ceil(length / 38))).subarray(0, length);
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 7; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

for (const name of PACKING) {
  const codec = Compression[name];

  describe(name, () => {
    test('any bytes come back', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.nat(4), (bytes, times) => {
          const input = Buffer.concat(Array.from({ length: times }, () => bytes));
          assert.deepEqual(Buffer.from(decompress(codec, compress(codec, input))), input);
        }),
        { numRuns: 100 },
      );
    });

    test('a bound beyond what one buffer holds refuses nothing', () => {
      const input = content(1_000);
      assert.deepEqual(Buffer.from(decompress(codec, compress(codec, input), 2 ** 40)), input);
    });

    test('across the borders of blocks, packable and not', () => {
      for (const length of [0, 1, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 300_000]) {
        for (const input of [content(length), noise(length)]) {
          const packed = compress(codec, input);
          assert.deepEqual(Buffer.from(decompress(codec, packed, length)), input, `${length} bytes`);
          assert.ok(packed.length < length * 1.01 + 100);
        }
      }
    });

    test('the bound is exact: what it allows comes back, one byte more is refused', () => {
      for (const length of [1_000, 200_000]) {
        const packed = compress(codec, content(length));
        assert.equal(decompress(codec, packed, length).length, length);
        assert.throws(() => decompress(codec, packed, length - 1), tooLarge);
      }
    });

    test('on another thread it is the same', async () => {
      const input = content(200_000);
      const packed = compress(codec, input);
      assert.deepEqual(Buffer.from(await compressAside(codec, input)), Buffer.from(packed));
      assert.deepEqual(Buffer.from(await decompressAside(codec, packed, 200_000)), input);
      await assert.rejects(decompressAside(codec, packed, 199_999), tooLarge);
      await assert.rejects(decompressAside(codec, packed.subarray(0, packed.length / 2)), refused);
    });

    test('half a gigabyte out of little is refused before its memory is taken', () => {
      const bomb = BOMBS[name]();
      assert.ok(bomb.length < 32 * 1024 * 1024, `${bomb.length} bytes`);
      const before = process.memoryUsage();
      assert.throws(() => decompress(codec, bomb, 1024 * 1024), tooLarge);
      const after = process.memoryUsage();
      assert.ok(after.rss - before.rss < 64 * 1024 * 1024, `${after.rss - before.rss} bytes more`);
    });

    test('cut off anywhere, it is refused', () => {
      const packed = compress(codec, content(100_000));
      // A stream of snappy-java has no end: cut between its blocks it is whole. No zstd frame at all is whole, too.
      const whole = name === 'snappy' ? snappyBorders(packed) : new Set(name === 'zstd' ? [0] : []);
      for (let length = 0; length < packed.length; length += 1 + Math.floor(length / 50)) {
        if (whole.has(length)) continue;
        assert.throws(() => decompress(codec, packed.subarray(0, length)), refused, `${length} bytes`);
      }
    });

    test('a batch of records', () => {
      const value = content(2_000);
      const batch = encodeBatch({
        compression: name,
        records: Array.from({ length: 50 }, (_, index) => ({ timestamp: BigInt(index), key: null, value })),
      });
      assert.ok(batch.length < 20_000);
      const [view] = [...iterateBatches(batch)];
      assert.ok(view);
      assert.equal(view.compression, codec);
      const records = [...iterateRecords(view)];
      assert.equal(records.length, 50);
      for (const record of records) assert.deepEqual(record.value && Buffer.from(record.value), value);
    });
  });
}

const MEBIBYTE = 1024 * 1024;

/** Each claims 512 MiB or more. */
const BOMBS: { readonly [K in (typeof PACKING)[number]]: () => Uint8Array } = {
  gzip: () => {
    const member = compress(Compression.gzip, Buffer.alloc(8 * MEBIBYTE));
    return Buffer.concat(Array.from({ length: 64 }, () => member));
  },
  // The length in front of a bare block is the only thing that says how much comes.
  snappy: () => Buffer.concat([Buffer.from('8080808002', 'hex'), Buffer.alloc(25 * MEBIBYTE)]),
  lz4: () => {
    const frame = compress(Compression.lz4, Buffer.alloc(64 * 1024));
    const block = frame.subarray(7, frame.length - 4);
    const blocks = Array.from({ length: 8192 }, () => block);
    return Buffer.concat([frame.subarray(0, 7), ...blocks, Buffer.alloc(4)]);
  },
  // A frame of repeated blocks of 128 KiB: three bytes of header and the byte.
  zstd: () => {
    const block = Buffer.from([0x02, 0x00, 0x10, 0x00]);
    const last = Buffer.from([0x03, 0x00, 0x10, 0x00]);
    const blocks = Array.from({ length: 8192 }, () => block);
    return Buffer.concat([Buffer.from('28b52ffd' + '00' + '58', 'hex'), ...blocks, last]);
  },
};

function snappyBorders(packed: Uint8Array): Set<number> {
  const borders = new Set([16, 17, 18, 19]);
  const buffer = Buffer.from(packed);
  for (let at = 16; at < buffer.length;) {
    at += 4 + buffer.readInt32BE(at);
    // A length that is cut off is no block yet.
    for (let cut = 0; cut < 4; cut++) borders.add(at + cut);
  }
  return borders;
}

describe('levels', () => {
  test('more of them pack tighter', () => {
    for (const name of ['gzip', 'zstd'] as const) {
      const { min, max } = COMPRESSION_LEVELS[name];
      const input = Buffer.concat([content(50_000), noise(1_000), content(50_000)]);
      const sizes = [min, max].map((level) => compress(Compression[name], input, level).length);
      assert.ok((sizes[0] ?? 0) > (sizes[1] ?? 0), `${name}: ${sizes.join(', ')}`);
      const best = compress(Compression[name], input, max);
      assert.deepEqual(Buffer.from(decompress(Compression[name], best)), input);
    }
  });
});

describe('snappy of other writers', () => {
  test('a bare block, as librdkafka sends it', () => {
    // Twelve literals.
    const block = Buffer.concat([Buffer.from([12, 11 << 2]), Buffer.from('hello, world')]);
    assert.equal(Buffer.from(decompress(Compression.snappy, block)).toString(), 'hello, world');
  });

  test('streams that were joined', () => {
    const one = compress(Compression.snappy, Buffer.from('one, '));
    const two = compress(Compression.snappy, Buffer.from('two'));
    const joined = decompress(Compression.snappy, Buffer.concat([one, two]));
    assert.equal(Buffer.from(joined).toString(), 'one, two');
  });

  test('the version of the framing is not looked at, as in snappy-java', () => {
    const stream = Buffer.from(compress(Compression.snappy, Buffer.from('one')));
    stream.writeInt32BE(-2, 8);
    stream.writeInt32BE(99, 12);
    assert.equal(Buffer.from(decompress(Compression.snappy, stream)).toString(), 'one');
  });
});

describe('lz4 as Kafka takes it', () => {
  const frame = (): Buffer => Buffer.from(compress(Compression.lz4, content(1_000)));

  test('blocks that depend on one another are refused', () => {
    const linked = frame();
    linked[4] = 0x40;
    linked[6] = 0xc0; // the header's checksum is right
    assert.throws(() => decompress(Compression.lz4, linked), /depend on one another/);
  });

  test('a wrong checksum of the header is refused', () => {
    const wrong = frame();
    wrong[6] = 0x83;
    assert.throws(() => decompress(Compression.lz4, wrong), refused);
  });

  test('bytes behind the frame are not looked at', () => {
    const longer = Buffer.concat([frame(), Buffer.from('rest')]);
    assert.deepEqual(Buffer.from(decompress(Compression.lz4, longer)), content(1_000));
  });
});

test('zstd: frames one behind the other, skippable ones between', () => {
  const one = compress(Compression.zstd, Buffer.from('one, '));
  const two = compress(Compression.zstd, Buffer.from('two'));
  const skipped = Buffer.from('502a4d18' + '03000000' + 'aabbcc', 'hex');
  const all = decompress(Compression.zstd, Buffer.concat([one, skipped, two]));
  assert.equal(Buffer.from(all).toString(), 'one, two');
});

test('numbers that are no codec', () => {
  for (const codec of [5, 6, 7]) {
    for (const use of [compress, decompress]) {
      assert.throws(
        () => use(codec, Buffer.alloc(1)),
        (error) => error instanceof KafkaError && error.codeName === 'UNSUPPORTED_COMPRESSION_TYPE',
      );
    }
  }
});
