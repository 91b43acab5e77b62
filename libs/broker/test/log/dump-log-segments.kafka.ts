import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleep, SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { silentLogger } from '../../src/logger.js';
import { openLogManager } from '../../src/log/log-manager.js';
import { dumpSegments } from '../support/java-tool.js';
import { kafkaLibs } from '../support/live-kafka.js';
import { batch, config } from './fixture.js';

const dump = (files: readonly string[]): Promise<string> =>
  dumpSegments(files, '--deep-iteration', '--print-data-log');

test(
  "Kafka's own tool reads what was appended, rolled, compacted and closed",
  { skip: kafkaLibs === undefined },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'oubliette-dump-'));
    const clock = new SystemClock();
    const settings = config({
      cleanupPolicy: new Set(['compact'] as const),
      segmentBytes: 40_000,
      indexIntervalBytes: 300,
      minCleanableDirtyRatio: 0.1,
      fileDeleteDelayMs: 0,
    });
    try {
      const logs = await openLogManager({
        disk: new SystemDisk(),
        clock,
        entropy: new SystemEntropy(),
        logger: silentLogger,
        directory,
        configOf: () => settings,
        topicIdOf: () => 'dGhpcyBpcyBhIHRvcGlj',
        retentionCheckIntervalMs: 50,
        cleanerBackoffMs: 20,
      });
      const log = logs.create('dumped', 0, settings);
      const base = clock.now();
      for (let index = 0; index < 600; index++) {
        const key = `key-${index % 50}`;
        const value = index % 7 === 0 ? null : `value-${index}-${'v'.repeat(index % 300)}`;
        const produced =
          index % 3 === 0 ? { producerId: 9n, producerEpoch: 0, baseSequence: (index / 3) * 2 } : {};
        const compression = index % 2 === 0 ? ('gzip' as const) : ('none' as const);
        const pairs = [[key, value] as const, [`only-${index}`, value] as const];
        const result = await log.append(batch(pairs, base + index, { compression, ...produced }), {
          durable: index % 5 === 0,
        });
        await result.durable;
      }
      const cleaned = (): boolean => readdirSync(directory).includes('cleaner-offset-checkpoint');
      const path = join(directory, 'dumped-0');
      const isUnlinking = (): boolean => readdirSync(path).some((name) => name.endsWith('.deleted'));
      for (let wait = 0; !cleaned() || isUnlinking(); wait++) {
        assert.ok(wait < 3_000, 'not cleaned within a minute');
        await sleep(clock, 20);
      }
      await logs.close();

      const names = readdirSync(path).sort();
      const ending = (suffix: string): string[] =>
        names.filter((name) => name.endsWith(suffix)).map((name) => join(path, name));
      assert.deepEqual(
        names.filter((name) => !/^\d{20}\.(log|index|timeindex|snapshot)$/.test(name)),
        ['leader-epoch-checkpoint', 'partition.metadata'],
      );
      assert.ok(ending('.log').length >= 2 && ending('.index').length >= 2);

      const batches = await dump(ending('.log'));
      const headers = batches.split('\n').filter((line) => line.startsWith('baseOffset:'));
      assert.ok(headers.length > 100, `${headers.length} batches`);
      assert.ok(headers.every((line) => line.includes('magic: 2') && line.includes('isvalid: true')));
      assert.ok(
        headers.some((line) => /deleteHorizonMs: OptionalLong\[\d+\]/.test(line)),
        'no batch has a delete horizon',
      );
      assert.ok(headers.some((line) => line.includes('compresscodec: gzip')));
      const last = [...batches.matchAll(/^\| offset: (\d+) .*keySize/gm)].at(-1)?.[1];
      assert.equal(last, '1199');
      const shown = [...batches.matchAll(/ key: key-7 payload: (\S+)/g)].map((match) =>
        match[1]?.slice(0, 10),
      );
      assert.equal(shown.at(-1), 'value-557-');
      assert.ok(shown.length < 12, `${shown.length} of 12 values of one key are left`);

      const indexes = await dump([...ending('.index'), ...ending('.timeindex')]);
      assert.ok(!/mismatch|out of order|Exception/i.test(indexes), indexes);
      assert.ok((indexes.match(/position: \d+/g)?.length ?? 0) > 20, 'the offset indexes are empty');
      assert.ok((indexes.match(/timestamp: \d+/g)?.length ?? 0) > 20, 'the time indexes are empty');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
