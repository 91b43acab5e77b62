import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { silentLogger } from '../../src/logger.js';
import { openLogManager } from '../../src/log/log-manager.js';
import { dumpSegments } from '../support/java-tool.js';
import { kafkaLibs } from '../support/live-kafka.js';
import { batch, config } from './fixture.js';

test(
  "Kafka's own tool finds no fault in indexes, transaction indexes and snapshots",
  { skip: kafkaLibs === undefined },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'oubliette-dump-'));
    const settings = config({ segmentBytes: 12_000, indexIntervalBytes: 300 });
    const clock = new SystemClock();
    try {
      const logs = await openLogManager({
        disk: new SystemDisk(),
        clock,
        entropy: new SystemEntropy(),
        logger: silentLogger,
        directory,
        configOf: () => settings,
        retentionCheckIntervalMs: 60_000,
        cleanerBackoffMs: 60_000,
      });
      const log = logs.create('dumped', 0, settings);
      for (let round = 0; round < 60; round++) {
        const producerId = BigInt(round % 3);
        const pairs = Array.from(
          { length: 3 },
          (_, index) => [`k${index}`, 'v'.repeat(100 + round)] as const,
        );
        const sequence = { producerId, producerEpoch: 0, baseSequence: Math.floor(round / 3) * 3 };
        await log.append(batch(pairs, clock.now(), { ...sequence, isTransactional: true }), {
          durable: false,
        });
        const result = round % 2 === 0 ? 'abort' : 'commit';
        await log.appendMarker({ producerId, producerEpoch: 0, coordinatorEpoch: 4, result });
      }
      await log.append(
        batch([['open', 'v']], clock.now(), {
          producerId: 9n,
          producerEpoch: 2,
          baseSequence: 0,
          isTransactional: true,
        }),
        { durable: true },
      );
      const end = log.logEndOffset;
      await logs.close();

      const path = join(directory, 'dumped-0');
      const ending = (suffix: string): string[] =>
        readdirSync(path)
          .filter((name) => name.endsWith(suffix))
          .sort()
          .map((name) => join(path, name));
      const indexes = [...ending('.index'), ...ending('.timeindex')];
      assert.ok(
        ending('.log').length > 1 && ending('.txnindex').length > 1 && ending('.snapshot').length > 1,
      );

      const dumped = await dumpSegments(
        [...ending('.log'), ...ending('.txnindex'), ...ending('.snapshot')],
        '--deep-iteration',
      );
      assert.equal(dumped.match(/endTxnMarker: COMMIT/g)?.length, 30);
      assert.equal(dumped.match(/endTxnMarker: ABORT/g)?.length, 30);
      assert.ok(!/isvalid: false/.test(dumped));
      const aborted = [
        ...dumped.matchAll(/producerId: (\d+) firstOffset: (\d+) lastOffset: (\d+) lastStableOffset: (\d+)/g),
      ];
      assert.equal(aborted.length, 30);
      assert.ok(
        aborted.every(
          (found) => Number(found[3]) === Number(found[2]) + 3 && Number(found[4]) === Number(found[3]) + 1,
        ),
      );
      const open = `producerId: 9 producerEpoch: 2 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong[${end - 1n}]`;
      assert.ok(dumped.includes(open), 'the open transaction stands in no snapshot');
      const verified = await dumpSegments(indexes, '--verify-index-only');
      assert.ok(!/mismatch|out of order|exception|corrupt/i.test(verified), verified);
      const sane = await dumpSegments(indexes, '--index-sanity-check');
      assert.equal(sane.match(/passed sanity check/g)?.length, indexes.length, sane);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
