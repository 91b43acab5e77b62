import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy, type SimulatedDisk } from '@oubliette/runtime/testing';
import type { LogConfig, PartitionLog } from '../../src/log/partition-log.js';
import { batch, newLog, open, readAll, reopen, type Row, type World } from './fixture.js';

/** All of them take some minutes. */
const seeds = process.env.OUBLIETTE_FULL === '1' ? 10_000 : 500;
const seedsAtATime = 50;

/** Checkpoints as often as the rest. */
const often = { checkpointIntervalMs: 2_000 };

type Policy = 'keep' | 'delete' | 'compact';

function settings(policy: Policy, chance: SeededEntropy): Partial<LogConfig> {
  return {
    segmentBytes: 800 + chance.below(2_000),
    indexIntervalBytes: 100,
    fileDeleteDelayMs: chance.below(2) * 1_000,
    minCleanableDirtyRatio: 0,
    cleanupPolicy: new Set([policy === 'compact' ? 'compact' : 'delete'] as const),
    retentionMs: -1,
    retentionBytes: policy === 'delete' ? 1_000 + chance.below(2_000) : -1,
  };
}

/** Some syncs of log files take longer than others that begin after them. */
function syncOutOfOrder(disk: SimulatedDisk, chance: SeededEntropy): void {
  const openSync = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions) => {
    const file = openSync(path, mode, permissions);
    if (!path.endsWith('.log')) return file;
    const sync = file.sync.bind(file);
    file.sync = async () => {
      for (let turn = chance.below(2) * chance.below(8); turn > 0; turn--) await nextTurn();
      await sync();
    };
    return file;
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One data directory over several lives: what was sent, what must be there whatever happens, what was found. */
class History {
  readonly sent = new Map<bigint, Set<string>>();
  readonly safe = new Map<bigint, Row>();
  lives = 0;
  crashes = 0;
  found = 0;
  lost = 0;
  cut = 0;
  cleaned = 0;
  #log!: PartitionLog;
  #world!: World;
  #startBefore = 0n;

  constructor(
    readonly seed: number,
    readonly policy: Policy,
    private readonly chance: SeededEntropy,
  ) {}

  async run(): Promise<void> {
    this.#world = await open(settings(this.policy, this.chance), often);
    syncOutOfOrder(this.#world.disk, this.chance);
    this.#log = newLog(this.#world);
    for (const last = 1 + this.chance.below(3); this.lives < last; this.lives++) {
      await this.#live();
      await this.#die();
      await this.#check();
    }
  }

  async #live(): Promise<void> {
    const { chance } = this;
    for (let step = chance.below(20); step >= 0; step--) {
      if (chance.below(14) === 0) {
        const code = 'ENOSPC';
        this.#world.disk.fail({ operation: 'write', code, stored: chance.below(10) / 10 });
      }
      const appending = this.#append(`${this.lives}.${step}`);
      if (chance.below(3) === 0) await appending;
      if (chance.below(8) === 0) {
        const passing = this.#world.clock.advanceAsync([500, 1_000, 2_000][chance.below(3)] ?? 0);
        // At times the crash comes while retention, cleaning or checkpoints are under way.
        if (chance.below(2) === 0) await passing;
      }
    }
    for (let turn = chance.below(12); turn > 0; turn--) await nextTurn();
  }

  async #append(name: string): Promise<void> {
    const { chance, seed } = this;
    const pairs = Array.from({ length: 1 + chance.below(3) }, (_, index) => {
      const key = this.policy === 'compact' ? `k${chance.below(6)}` : `k${name}.${index}`;
      return [key, `${seed}:${name}:${'v'.repeat(chance.below(150))}`] as const;
    });
    const durable = chance.below(2) === 0;
    const expected = this.#log.logEndOffset;
    const rows = pairs.map(([key, value], index) => ({ offset: expected + BigInt(index), key, value }));
    const safe = this.safe;
    try {
      const appending = this.#log.append(batch(pairs, this.#world.clock.now()), { durable });
      for (const row of rows) {
        const contents = this.sent.get(row.offset) ?? new Set();
        this.sent.set(row.offset, contents.add(`${row.key}=${row.value}`));
      }
      const result = await appending;
      assert.equal(result.baseOffset, expected);
      await result.durable;
      if (durable && !this.#dead.has(name)) for (const row of rows) safe.set(row.offset, row);
    } catch (error) {
      if (!/KAFKA_STORAGE_ERROR|NOT_LEADER/.test(String(error))) throw error;
    }
  }

  /** Steps of lives that have ended: what resolves later was not acknowledged to anybody. */
  readonly #dead = new Set<string>();

  async #die(): Promise<void> {
    this.#startBefore = this.#log.logStartOffset;
    const stops = this.chance.below(4) === 0;
    const wasClean = stops && (await this.#close());
    if (stops) {
      this.#startBefore = this.#log.logStartOffset;
    } else this.crashes++;
    for (let step = 0; step < 20; step++) this.#dead.add(`${this.lives}.${step}`);
    const end = this.#log.logEndOffset;
    if (this.#world.disk.listSync('/data/events-0').some(({ name }) => name.includes('.deleted')))
      this.cleaned++;
    const world = await reopen(this.#world, this.#world.disk.crash(this.seed + this.lives), often);
    const log = world.logs.get('events', 0);
    if (log === undefined) assert.equal(this.safe.size, 0, `${this.#name}: the log is gone`);
    if (wasClean) assert.equal(log?.logEndOffset, end, `${this.#name}: a clean stop lost records`);
    this.#world = world;
    syncOutOfOrder(world.disk, this.chance);
    // Its directory's name was not synced yet: nothing in it was acknowledged.
    this.#log = log ?? newLog(world);
    this.cut += Number(end - this.#log.logEndOffset);
  }

  /** Whether there was room for all that a stop writes. A cleaning under way may let others run first, and goes on when time does. */
  async #close(): Promise<boolean> {
    let isClean: boolean | null = null;
    void this.#world.logs.close().then(
      () => (isClean = true),
      (error: unknown) => {
        assert.match(String(error), /ENOSPC/);
        isClean = false;
      },
    );
    while (isClean === null) await this.#world.clock.advanceAsync(1);
    return isClean;
  }

  async #check(): Promise<void> {
    const rows = await readAll(this.#log);
    this.found += rows.length;
    const start = this.#log.logStartOffset;
    assert.ok(
      start <= this.#startBefore,
      `${this.#name}: the log starts at ${start}, not ${this.#startBefore}`,
    );
    let before = start - 1n;
    const newest = new Map<string | null, bigint>();
    const byOffset = new Map<bigint, string>();
    for (const { offset, key, value } of rows) {
      assert.ok(offset > before, `${this.#name}: order at ${offset}`);
      before = offset;
      assert.ok(
        this.sent.get(offset)?.has(`${key}=${value}`),
        `${this.#name}: ${offset} was never sent like that`,
      );
      byOffset.set(offset, `${key}=${value}`);
      newest.set(key, offset);
    }
    for (const { offset, key, value } of this.safe.values()) {
      const content = byOffset.get(offset);
      if (content !== undefined)
        assert.equal(content, `${key}=${value}`, `${this.#name}: ${offset} was replaced`);
      else if (this.policy === 'compact') {
        assert.ok(
          (newest.get(key) ?? -1n) > offset,
          `${this.#name}: the last value of ${key} at ${offset} is lost`,
        );
      } else assert.ok(offset < start, `${this.#name}: ${offset} was acknowledged and is lost`);
    }
    this.lost += this.sent.size - rows.length;
    const end = this.#log.logEndOffset;
    assert.ok(end > before, `${this.#name}: the log ends at ${end}, behind ${before} and its start ${start}`);
  }

  get #name(): string {
    return `seed ${this.seed}, ${this.policy}, life ${this.lives}`;
  }
}

const policies: readonly Policy[] = ['keep', 'delete', 'compact'];

test(`over ${seeds} seeds of crashes, torn writes, full disks, rolls, retention and cleaning nothing acknowledged is lost and nothing served that was not sent`, async () => {
  const total = { crashes: 0, found: 0, lost: 0, cut: 0, safe: 0, cleaned: 0 };
  for (let first = 1; first <= seeds; first += seedsAtATime) {
    const some = Array.from({ length: seedsAtATime }, (_, index) => {
      const seed = first + index;
      return new History(seed, policies[seed % 3] ?? 'keep', new SeededEntropy(seed));
    });
    await Promise.all(some.map((history) => history.run()));
    for (const { crashes, found, lost, cut, safe, cleaned } of some) {
      total.crashes += crashes;
      total.found += found;
      total.lost += lost;
      total.cut += cut;
      total.safe += safe.size;
      total.cleaned += cleaned;
    }
  }
  const { crashes, found, cut, safe, cleaned } = total;
  const proves =
    crashes > seeds && found > 5 * seeds && safe > 3 * seeds && cut > seeds / 2 && cleaned > seeds / 20;
  assert.ok(proves, `the runs prove little: ${JSON.stringify(total)}`);
});
