import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readLogFile } from '@oubliette/kafka';
import { SystemDisk } from '@oubliette/runtime';
import { RestartableEngine, startBundledBroker, startKafka } from '@oubliette/testing';
import { runToEnd } from '@oubliette/runtime/testing';
import type { Bench } from './log-files.js';
import { logFilesOn, Planted } from './log-files.js';
import { byteScan } from './plain-scan.js';
import { quickConfig } from './quick-config.js';

const codecs = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** [offset, bytes of the key, bytes of the value or -1] of each record, as Kafka's DumpLogSegments prints them. */
function dumped(files: readonly string[]): string[] {
  const options = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const tool = [
    'kafka.tools.DumpLogSegments',
    '--deep-iteration',
    '--print-data-log',
    '--files',
    files.join(','),
  ];
  const classPath = `${process.env['OUBLIETTE_KAFKA_LIBS'] ?? ''}/*`;
  const output = runToEnd('DumpLogSegments', 'java', [...options, '-cp', classPath, ...tool]);
  return [...output.matchAll(/^\| offset: (\d+) .*?keySize: (-?\d+) valueSize: (-?\d+)/gm)].map((match) =>
    match.slice(1).join(' '),
  );
}

/** The same by our own reading. */
async function decoded(files: readonly string[]): Promise<string[]> {
  const records: string[] = [];
  for (const path of files) {
    const file = new SystemDisk().openSync(path, 'read');
    try {
      await readLogFile(file, true, {
        record: ({ offset, key, value }) =>
          void records.push(`${offset} ${key?.length ?? -1} ${value?.length ?? -1}`),
        unpacked: () => undefined,
        bytes: () => undefined,
        trouble: (trouble) => assert.fail(JSON.stringify(trouble)),
      });
    } finally {
      file.closeSync();
    }
  }
  return records;
}

function packedFilesOn(opened: () => Bench): void {
  for (const codec of codecs)
    test(`${codec}: Kafka's own tool reads the same records, and a planted key is found`, async () => {
      const bench = opened();
      const topic = `packed-${codec}`;
      // The broker packs them anew, with its own libraries.
      const configs = { 'compression.type': codec, 'segment.bytes': '1048576' };
      await bench.admin.createTopic({ name: topic, partitions: 1, configs });
      const user = new Planted();
      for (let round = 0; round < 30; round++) {
        const records = Array.from({ length: 40 }, (_, index) => ({
          topic,
          partition: 0,
          key: Buffer.from(`key-${round}-${index}`),
          value:
            index % 9 === 0 ? null : Buffer.from(randomBytes(700).toString('base64') + 'x'.repeat(index * 9)),
        }));
        await bench.producer.send(records);
        if (round === 17)
          await bench.producer.send([
            ...records.slice(0, 5),
            { topic, partition: 0, key: user.name, value: user.value },
          ]);
      }
      const directory = join(bench.server.dataDir, `${topic}-0`);
      const files = readdirSync(directory)
        .filter((name) => name.endsWith('.log'))
        .sort()
        .map((name) => join(directory, name));
      if (codec === 'uncompressed') assert.ok(files.length > 1, 'no segment was rolled');
      const records = await decoded(files);
      assert.equal(records.length, 30 * 40 + 6);
      assert.deepEqual(dumped(files), records);

      const { verdict, keys, bytes } = await bench.verify(topic, user);
      assert.equal(verdict, 'remains');
      assert.deepEqual(
        keys.first.map(({ offset, lifecycle }) => [offset, lifecycle]),
        [[`${18 * 40 + 5}`, 1]],
      );
      assert.ok(bytes.first.some(({ isPacked }) => isPacked === (codec !== 'uncompressed')));
      assert.equal((await bench.verify(topic, new Planted())).verdict, 'clean');
    });
}

logFilesOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig), byteScan, packedFilesOn);
logFilesOn(
  new RestartableEngine('the bundled broker', startBundledBroker, quickConfig),
  byteScan,
  packedFilesOn,
);
