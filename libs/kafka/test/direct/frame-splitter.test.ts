import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionError } from '../../src/direct/errors.js';
import { FrameSplitter } from '../../src/direct/frame-splitter.js';

function framed(content: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length);
  return Buffer.concat([length, content]);
}

test('frames come out whole, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 }),
      (contents, cuts) => {
        const stream = Buffer.concat(contents.map(framed));
        const splitter = new FrameSplitter(30);
        const frames: Uint8Array[] = [];
        for (let position = 0, turn = 0; position < stream.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          const chunk = Buffer.from(stream.subarray(position, position + size));
          frames.push(...splitter.push(chunk));
          chunk.fill(0xee); // the next one comes in the same memory
          position += size;
        }
        assert.deepEqual(
          frames.map((frame) => [...frame]),
          contents.map((content) => [...content]),
        );
      },
    ),
  );
});

test('a length out of bounds is refused before its bytes come', () => {
  for (const length of [31, 0x7fffffff, -1]) {
    const start = Buffer.alloc(4);
    start.writeInt32BE(length);
    assert.throws(
      () => new FrameSplitter(30).push(start),
      (error) => error instanceof ConnectionError && error.code === 'RESPONSE_MALFORMED',
    );
  }
});
