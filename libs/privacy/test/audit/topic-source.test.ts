import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawRecord, ScannedBatch, TopicScanner, UnreadableBatch } from '@oubliette/kafka';
import { ManualClock } from '@oubliette/runtime/testing';
import { auditLeaks, topicSource } from '../../src/index.js';

const email = 'zebedee.qwyxley@example.org';
const bytes = (text: string) => Buffer.from(text, 'utf8');
const record = (offset: number, parts: Partial<RawRecord>): RawRecord => ({
  offset: BigInt(offset),
  key: null,
  value: null,
  headers: [],
  ...parts,
});

/** Topics in memory: of each partition its batches, or the code of the error that reading it ends with. */
function scannerOf(
  logs: Readonly<Record<string, readonly (readonly (ScannedBatch | UnreadableBatch)[] | string)[]>>,
): TopicScanner {
  return {
    topics: () =>
      Promise.resolve(
        Object.entries(logs).map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] })),
      ),
    async *scan(topic, partition) {
      const log = logs[topic]![partition]!;
      if (typeof log === 'string') throw Object.assign(new Error('no leader'), { code: log });
      yield* log;
    },
  };
}

const look = (logs: Parameters<typeof scannerOf>[0], includes?: (topic: string) => boolean) =>
  auditLeaks(
    [topicSource({ name: 'topics', scanner: scannerOf(logs), ...(includes && { includes }) })],
    { terms: [email] },
    { clock: new ManualClock() },
  );

test('finds a value, a key, a header, the name of a header and of a topic, whatever the topic is', async () => {
  const report = await look({
    __consumer_offsets: [[{ records: [record(3, { key: bytes(`\0\x01group-of-${email}`) })] }]],
    'school.views': [
      [{ records: [record(0, { value: bytes('clean') }), record(1, { value: bytes(`to ${email}`) })] }],
      [{ records: [] }, { records: [record(7, { headers: [{ key: 'user', value: bytes(email) }] })] }],
    ],
    'school.views.dlt': [[{ records: [record(9, { headers: [{ key: email, value: null }] })] }]],
    [`mail-of-${email}`]: [[]],
  });
  assert.deepEqual(
    report.findings.map(({ place }) => place),
    [
      '__consumer_offsets-0@3 key',
      'school.views-0@1 value',
      'school.views-1@7 header 1',
      'school.views.dlt-0@9 header 1 (its name)',
      'entry 10 (its place is named with what was looked for)',
    ],
  );
  assert.equal(report.complete, true);
});

test('a batch or a partition that cannot be read is named, and what follows is read', async () => {
  const report = await look({
    a: ['LEADER_NOT_AVAILABLE', [{ baseOffset: 4n, code: 'UNSUPPORTED_COMPRESSION_TYPE' }]],
    b: [[{ records: [record(0, { value: bytes(email) })] }]],
  });
  assert.deepEqual(
    report.unseen.map(({ place, reason }) => `${place} ${reason}`),
    ['a-0 cannot be read (LEADER_NOT_AVAILABLE)', 'a-1@4 does not decode (UNSUPPORTED_COMPRESSION_TYPE)'],
  );
  assert.deepEqual([report.hits, report.complete], [1, false]);
});

test('looks at the topics it is told to', async () => {
  const logs = { a: [[{ records: [record(0, { value: bytes(email) })] }]] };
  assert.equal((await look(logs, (topic) => topic === 'b')).clean, true);
  assert.equal((await look(logs)).clean, false);
});
