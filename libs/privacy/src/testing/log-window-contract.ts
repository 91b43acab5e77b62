import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyLogRecord } from '@oubliette/keyring';
import type { LogWindow } from '../ports.js';

/** An empty topic of one partition or more, and how to write to it. */
export interface LogWindowUnderTest {
  readonly window: LogWindow;
  readonly append: (partition: number, records: readonly KeyLogRecord[]) => Promise<bigint>;
  /** ms since the Unix epoch, by the log's clock to a second. */
  readonly now: () => number;
  readonly close: () => Promise<void>;
}

const record = (key: string, value: string | null): KeyLogRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});
const anHour = 3_600_000;

/** What every LogWindow must do while its cluster is up. `factory` gives an empty topic each time. */
export function logWindowContract(name: string, factory: () => Promise<LogWindowUnderTest>): void {
  test(`log window: ${name}: each replica gives what stands in it, and says how far it knows`, async () => {
    const { window, append, close } = await factory();
    try {
      await append(0, [record('a#1', 'key'), record('a', 'fence'), record('a#1', null)]);
      await append(0, [record('b#1', 'key')]);
      const end = await window.end(0);
      assert.equal(end, 4n);
      const replicas = await window.replicas(0);
      assert.equal(replicas.filter(({ isLeader }) => isLeader).length, 1);
      for (const { broker, isLive, isInSync } of replicas) {
        assert.ok(isLive && isInSync);
        const log = await window.readReplica(0, broker);
        assert.deepEqual([log.logStart, log.highWatermark], [0n, end]);
        const seen: string[] = [];
        for await (const { key, tombstone, offset } of log.records)
          seen.push(`${offset} ${key}${tombstone ? ' †' : ''}`);
        assert.deepEqual(seen, ['0 a#1', '1 a', '2 a#1 †', '3 b#1']);
      }
    } finally {
      await close();
    }
  });

  test(`log window: ${name}: a nudge is an append, and appends are found by their time`, async () => {
    const { window, now, close } = await factory();
    try {
      const began = now();
      assert.equal(await window.appendedSince(0, began - anHour), false);
      await window.nudge(0);
      assert.equal(await window.end(0), 1n);
      assert.equal(await window.appendedSince(0, began - anHour), true);
      assert.equal(await window.appendedSince(0, began + anHour), false);
    } finally {
      await close();
    }
  });

  test(`log window: ${name}: nothing holds up the cleaner of a sound partition`, async () => {
    const { window, append, close } = await factory();
    try {
      await append(0, [record('a#1', 'key')]);
      const { leader, inSync, minInSync, openTransactions } = await window.condition(0);
      assert.equal(leader, (await window.replicas(0)).find(({ isLeader }) => isLeader)?.broker);
      assert.ok(inSync >= minInSync);
      assert.deepEqual(openTransactions, []);
    } finally {
      await close();
    }
  });

  test(`log window: ${name}: a broker that has no replica cannot be read`, async () => {
    const { window, close } = await factory();
    try {
      await assert.rejects(window.readReplica(0, 97));
    } finally {
      await close();
    }
  });
}
