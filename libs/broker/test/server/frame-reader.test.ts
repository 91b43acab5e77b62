import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, FrameSizeError } from '../../src/server/frame-reader.js';

function framed(content: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length);
  return Buffer.concat([length, content]);
}

test('frames come out whole and in order, wherever the stream is cut', () => {
  const content = fc.uint8Array({ minLength: 8, maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(content, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (frames, cuts) => {
        const stream = Buffer.concat(frames.map(framed));
        const reader = new FrameReader(60);
        const out: number[][] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          for (const frame of reader.push(stream.subarray(at, at + cut))) out.push([...frame]);
          at += cut;
        }
        assert.deepEqual(
          out,
          frames.map((frame) => [...frame]),
        );
        assert.equal(reader.pendingBytes, 0);
      },
    ),
  );
});

test('a frame within one chunk is a view of it', () => {
  const chunk = framed(new Uint8Array(10));
  const [frame] = new FrameReader(100).push(chunk);
  chunk[4] = 77;
  assert.equal(frame?.[0], 77);
});

test('of a frame over two chunks only that frame is copied: the next one is a view', () => {
  const stream = Buffer.concat([framed(new Uint8Array(10)), framed(new Uint8Array(12))]);
  const cuts = [2, 4, 9];
  for (const cut of cuts) {
    const reader = new FrameReader(100);
    assert.deepEqual(reader.push(Buffer.from(stream.subarray(0, cut))), []);
    const rest = Buffer.from(stream.subarray(cut));
    const [first, second] = reader.push(rest);
    rest.fill(77);
    assert.deepEqual([...(first ?? [])], [...new Uint8Array(10)], `cut at ${cut}`);
    assert.equal(second?.[0], 77, `cut at ${cut}`);
  }
});

test('a length that no request has is refused before anything is gathered', () => {
  for (const size of [-1, 0, 7, 101, 0x7fffffff]) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(size);
    assert.throws(() => new FrameReader(100).push(length), FrameSizeError);
  }
  const atLimit = new FrameReader(100).push(framed(new Uint8Array(100)));
  assert.equal(atLimit.length, 1);
});

test('a frame that drips in is gathered in buffers, not kept in a chunk for each byte', () => {
  const reader = new FrameReader(1_000_000);
  const stream = framed(Buffer.alloc(200_000, 7));
  const sizes = new Set<number>();
  for (let at = 0; at < stream.length - 1; at++) {
    assert.equal(reader.push(stream.subarray(at, at + 1)).length, 0);
    sizes.add(reader.pendingChunks);
  }
  assert.ok(Math.max(...sizes) <= 16, `${Math.max(...sizes)} chunks`);
  const [frame] = reader.push(stream.subarray(-1));
  assert.deepEqual(frame, stream.subarray(4));
  assert.equal(reader.pendingChunks, 0);
});
