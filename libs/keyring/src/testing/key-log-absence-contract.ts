import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManualClock } from '@oubliette/runtime/testing';
import type { HeardAt, KeyLog, KeyLogListener, KeyLogRecord } from '../key-log.js';

/** A fresh, empty key topic of two partitions on a clock of its own, and one log of it whose connection can be cut. */
export interface AbsenceHarness {
  readonly clock: ManualClock;
  /** How long a tombstone stands at least, ms; more than ten seconds. */
  readonly deleteRetentionMs: number;
  readonly log: KeyLog;
  cut(): void;
  mend(): void;
  /** As another process does, also while the connection is cut. */
  append(partition: number, records: readonly KeyLogRecord[]): void;
  /** Compaction: the last record of each key stays, tombstones go. */
  clean(): void;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const set = (key: string): KeyLogRecord => ({ key: bytes(key), value: bytes('v') });
const tombstone = (key: string): KeyLogRecord => ({ key: bytes(key), value: null });

/** Longer than a follower's poll and its pauses between tries take. */
const shortlyMs = 10_000;

/**
 * What every key log does about time: what it says of the moment last heard, and what it does after an absence that may have
 * cost it tombstones (design: cached keys carry a lease). For simulated topics.
 */
export function keyLogAbsenceContract(name: string, make: () => Promise<AbsenceHarness>): void {
  const check = (what: string, body: (scene: AbsenceHarness, seen: Seen) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const scene = await make();
      const seen = new Seen(scene.log);
      try {
        await body(scene, seen);
      } finally {
        await scene.log.close();
        await scene.dispose();
      }
    });
  };

  check('nothing was heard before the first replay ended; then the moment moves on', async (scene, seen) => {
    const { clock, log } = scene;
    scene.append(1, [set('a')]);
    assert.equal(log.heard(1), null);
    await log.follow(seen);
    assert.deepEqual(seen.of(0), ['replayed 0']);
    assert.deepEqual(seen.of(1), ['1/0 a', 'replayed 1']);
    for (const partition of [0, 1]) {
      const first = heard(log, partition);
      assert.ok(first.monotonic <= clock.monotonic() && first.wall <= clock.now());
      await clock.advanceAsync(shortlyMs);
      const later = heard(log, partition);
      assert.ok(later.monotonic > first.monotonic && later.wall > first.wall);
    }
  });

  check('while the connection is cut, the moment last heard stands still', async (scene, seen) => {
    const { clock, log } = scene;
    await log.follow(seen);
    await clock.advanceAsync(shortlyMs);
    scene.cut();
    const last = heard(log, 0);
    await clock.advanceAsync(shortlyMs / 2);
    scene.append(0, [set('a')]);
    await clock.advanceAsync(shortlyMs / 2);
    assert.deepEqual(log.heard(0), last);
    assert.deepEqual(seen.standing(0), []);
    scene.mend();
    await clock.advanceAsync(shortlyMs);
    assert.ok(heard(log, 0).monotonic > last.monotonic);
    assert.deepEqual(seen.standing(0), ['a']);
    assert.ok(!seen.lines.some((line) => line.startsWith('restarted')), 'a short absence costs nothing');
  });

  check(
    'a tombstone that was missed is seen as absence, after a start from offset 0',
    async (scene, seen) => {
      const { clock, log } = scene;
      scene.append(0, [set('forgotten'), set('living')]);
      await log.follow(seen);
      await clock.advanceAsync(shortlyMs);
      scene.cut();
      scene.append(0, [tombstone('forgotten'), set('newcomer')]);
      await clock.advanceAsync(scene.deleteRetentionMs + 1);
      scene.clean();
      seen.lines.length = 0;
      scene.mend();
      await clock.advanceAsync(shortlyMs);
      assert.deepEqual(seen.standing(0), ['living', 'newcomer']);
      assert.deepEqual(seen.of(0), ['restarted 0', '0/1 living', '0/3 newcomer', 'replayed 0']);
      assert.deepEqual(seen.of(1), ['restarted 1', 'replayed 1']);
      assert.deepEqual(seen.heardDuringReplay, [], 'while it starts over, nothing counts as heard');
      await log.caughtUp(0);
    },
  );

  check(
    'asleep for as long, with the monotonic clock standing still, it starts over as well',
    async (scene, seen) => {
      const { clock, log } = scene;
      await log.follow(seen);
      await clock.advanceAsync(shortlyMs);
      scene.cut();
      clock.setWall(clock.now() + scene.deleteRetentionMs + 1);
      scene.mend();
      await clock.advanceAsync(shortlyMs);
      assert.equal(seen.restarts(0), 1);
    },
  );

  check('a wall clock set back by a day does not hide an absence', async (scene, seen) => {
    const { clock, log } = scene;
    await log.follow(seen);
    await clock.advanceAsync(shortlyMs);
    scene.cut();
    await clock.advanceAsync(scene.deleteRetentionMs + 1);
    clock.setWall(clock.now() - 86_400_000);
    scene.mend();
    await clock.advanceAsync(shortlyMs);
    assert.equal(seen.restarts(0), 1);
    clock.setWall(clock.now() - 86_400_000);
    await clock.advanceAsync(shortlyMs);
    assert.equal(seen.restarts(0), 1, 'set back while it hears, nothing was missed');
  });

  check(
    'who waits for a record while the log starts over, waits until it was given again',
    async (scene, seen) => {
      const { clock, log } = scene;
      scene.append(0, [set('a'), set('b')]);
      await log.follow(seen);
      await clock.advanceAsync(shortlyMs);
      scene.cut();
      await clock.advanceAsync(scene.deleteRetentionMs + 1);
      seen.clear();
      scene.mend();
      scene.append(0, [set('c')]);
      const waiting = log.reached(0, 2n);
      await clock.advanceAsync(shortlyMs);
      await waiting;
      assert.deepEqual(seen.standing(0), ['a', 'b', 'c']);
    },
  );

  check('what compaction took is read as null', async (scene, seen) => {
    const { clock, log } = scene;
    scene.append(0, [set('a'), set('b'), set('a'), tombstone('b'), set('c')]);
    await log.follow(seen);
    await clock.advanceAsync(shortlyMs);
    scene.clean();
    const found = await log.read(0, [4n, 0n, 3n, 2n, 1n, 99n]);
    assert.deepEqual(
      found.map((record) => record && `${record.offset} ${text(record.key)}`),
      ['4 c', null, null, '2 a', null, null],
    );
  });
}

function heard(log: KeyLog, partition: number): HeardAt {
  const at = log.heard(partition);
  assert.ok(at !== null, `partition ${partition} was heard`);
  return at;
}

/** Everything a log told, line by line, and what stands after it. */
class Seen implements KeyLogListener {
  readonly lines: string[] = [];
  readonly heardDuringReplay: number[] = [];
  readonly #standing = new Map<number, Set<string>>();
  readonly #restarting = new Set<number>();

  constructor(private readonly log: KeyLog) {}

  records(records: Parameters<KeyLogListener['records']>[0]): void {
    for (const { partition, offset, key, value } of records) {
      this.lines.push(`${partition}/${offset} ${text(key)}`);
      this.#noteHeard(partition);
      const standing = this.#standing.get(partition) ?? new Set();
      this.#standing.set(partition, standing);
      if (value === null) standing.delete(text(key));
      else standing.add(text(key));
    }
  }

  restarted(partition: number): void {
    this.lines.push(`restarted ${partition}`);
    this.#standing.delete(partition);
    this.#restarting.add(partition);
    this.#noteHeard(partition);
  }

  replayed(partition: number): void {
    this.lines.push(`replayed ${partition}`);
    this.#restarting.delete(partition);
    assert.ok(this.log.heard(partition) !== null, 'what was replayed was heard');
  }

  clear(): void {
    this.lines.length = 0;
    this.#standing.clear();
  }

  of(partition: number): readonly string[] {
    return this.lines.filter((line) => line.startsWith(`${partition}/`) || line.endsWith(`ed ${partition}`));
  }

  standing(partition: number): readonly string[] {
    return [...(this.#standing.get(partition) ?? [])];
  }

  restarts(partition: number): number {
    return this.lines.filter((line) => line === `restarted ${partition}`).length;
  }

  #noteHeard(partition: number): void {
    if (this.#restarting.has(partition) && this.log.heard(partition) !== null)
      this.heardDuringReplay.push(partition);
  }
}
