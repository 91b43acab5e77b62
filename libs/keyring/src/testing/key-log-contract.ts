import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_READ_OFFSETS, type KeyLog, type StoredKeyLogRecord } from '../key-log.js';
import { keptRecord } from './kept-record.js';
import { keyLogWriterContract } from './key-log-writer-contract.js';

/** A fresh, empty key topic of at least two partitions. */
export interface KeyTopicHarness {
  /** Another reader and writer of the same topic, as another process would have. */
  open(): Promise<KeyLog>;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array | null): string | null => content && new TextDecoder().decode(content);

/** What every KeyLog does, and the keyring's writer over it. Run it on each implementation: `keyLogContract('real topic', async () => ({ open, dispose }))`. */
export function keyLogContract(name: string, make: () => Promise<KeyTopicHarness>): void {
  const check = (what: string, body: (open: () => Promise<Followed>) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const harness = await make();
      const opened: KeyLog[] = [];
      try {
        await body(async () => {
          const log = await harness.open();
          opened.push(log);
          return new Followed(log);
        });
      } finally {
        for (const log of opened) await log.close();
        await harness.dispose();
      }
    });
  };

  keyLogWriterContract((what, body) => check(what, (open) => body(async () => (await open()).log)));

  check('a batch lands as it is, in order, at consecutive offsets, and is replayed', async (open) => {
    const writer = await open();
    await writer.follow();
    const first = await writer.log.append(1, [
      { key: bytes('a'), value: bytes('1') },
      { key: bytes('b'), value: null },
      { key: Uint8Array.of(0, 255, 128), value: Uint8Array.of(0, 254, 10) },
    ]);
    const reader = await open();
    await reader.follow();
    assert.deepEqual(
      reader.of(1).map(({ offset }) => offset - first),
      [0n, 1n, 2n],
    );
    assert.deepEqual(
      reader.of(1).map(({ key, value }) => [[...key], value && [...value]]),
      [
        [[97], [49]],
        [[98], null],
        [
          [0, 255, 128],
          [0, 254, 10],
        ],
      ],
    );
    assert.ok(reader.of(1).every(({ timestamp }) => timestamp > 1_500_000_000_000));
    assert.deepEqual(reader.of(0), []);
  });

  check('reached resolves after the record was handed over, whether it comes or came', async (open) => {
    const writer = await open();
    const other = await open();
    await writer.follow();
    await other.follow();
    const offset = await writer.log.append(0, [{ key: bytes('k'), value: bytes('v') }]);
    await Promise.all([writer.log.reached(0, offset), other.log.reached(0, offset)]);
    assert.equal(text(writer.at(0, offset)?.value ?? null), 'v');
    assert.equal(text(other.at(0, offset)?.value ?? null), 'v');
    await other.log.reached(0, offset);
  });

  check('reached of a record to come waits for it', async (open) => {
    const log = await open();
    await log.follow();
    const first = await log.log.append(0, [{ key: bytes('k1'), value: bytes('v') }]);
    let seen = false;
    const waiting = log.log.reached(0, first + 1n).then(() => {
      seen = true;
    });
    await log.log.reached(0, first);
    assert.equal(seen, false);
    await log.log.append(0, [{ key: bytes('k2'), value: bytes('v') }]);
    await waiting;
    assert.equal(text(log.at(0, first + 1n)?.key ?? null), 'k2');
  });

  check('caughtUp shows what another writer had appended before the call', async (open) => {
    const writer = await open();
    const reader = await open();
    await writer.follow();
    await reader.follow();
    for (let round = 0; round < 5; round++) {
      const offset = await writer.log.append(1, [{ key: bytes(`k${round}`), value: bytes('v') }]);
      await reader.log.caughtUp(1);
      assert.ok(reader.at(1, offset), `round ${round}`);
    }
    await reader.log.caughtUp(0);
  });

  check(
    'writers at the same time do not split each other’s batches, and all readers see one order',
    async (open) => {
      const one = await open();
      const two = await open();
      await one.follow();
      await two.follow();
      const batch = (writer: string, round: number) =>
        ['x', 'y', 'z'].map((part) => ({ key: bytes(`${writer}${round}${part}`), value: bytes('v') }));
      const offsets = await Promise.all(
        Array.from({ length: 10 }, (_, round) => [
          one.log.append(0, batch('a', round)),
          two.log.append(0, batch('b', round)),
        ]).flat(),
      );
      const last = offsets.reduce((highest, offset) => (offset > highest ? offset : highest)) + 2n;
      await Promise.all([one.log.reached(0, last), two.log.reached(0, last)]);
      const keys = one.of(0).map(({ key }) => text(key) ?? '');
      assert.deepEqual(
        keys,
        two.of(0).map(({ key }) => text(key)),
      );
      assert.equal(keys.length, 60);
      for (let at = 0; at < keys.length; at += 3) {
        const stem = keys[at]?.slice(0, -1);
        assert.deepEqual(keys.slice(at, at + 3), [`${stem}x`, `${stem}y`, `${stem}z`]);
      }
    },
  );

  check('nothing was heard before following; everything that was replayed was', async (open) => {
    const writer = await open();
    await writer.follow();
    await writer.log.append(0, [{ key: bytes('k'), value: bytes('v') }]);
    const reader = await open();
    const partitions = Array.from({ length: reader.log.partitionCount }, (_, partition) => partition);
    for (const partition of partitions) assert.equal(reader.log.heard(partition), null);
    await reader.follow();
    for (const partition of partitions) {
      const { wall = 0, monotonic = -1 } = reader.log.heard(partition) ?? {};
      assert.ok(wall > 1_500_000_000_000 && monotonic >= 0);
    }
    assert.deepEqual([...reader.replayed].sort(), partitions);
    assert.deepEqual(reader.restarted, []);
  });

  check('records are read again by their offsets, in the order asked for', async (open) => {
    const { log } = await open();
    const first = await log.append(
      1,
      Array.from({ length: 600 }, (_, index) => ({
        key: bytes(`k${index}`),
        value: Uint8Array.of(index & 255),
      })),
    );
    const last = await log.append(1, [{ key: bytes('last'), value: null }]);
    const asked = [last, first + 599n, first, first + 300n, first, last + 1_000n];
    const found = await log.read(1, asked);
    assert.deepEqual(
      found.map((record) => record && [record.partition, record.offset, text(record.key), record.value?.[0]]),
      [
        [1, last, 'last', undefined],
        [1, first + 599n, 'k599', 599 & 255],
        [1, first, 'k0', 0],
        [1, first + 300n, 'k300', 300 & 255],
        [1, first, 'k0', 0],
        null,
      ],
    );
    assert.equal(found[0]?.value, null);
    assert.ok((found[1]?.timestamp ?? 0) > 1_500_000_000_000);
    assert.deepEqual(await log.read(1, []), []);
    const all = Array.from({ length: 600 }, (_, index) => first + BigInt(index));
    assert.deepEqual(
      (await log.read(1, all)).map((record) => record?.offset),
      all,
    );
    const tooMany = Array.from({ length: MAX_READ_OFFSETS + 1 }, (_, index) => BigInt(index));
    await assert.rejects(log.read(1, tooMany), RangeError);
  });

  check('the records that stand are given apart from following', async (open) => {
    const writer = await open();
    const { log } = await open();
    const standing = async (): Promise<string[]> => {
      const lines: string[] = [];
      for await (const { partition, offset, key, value } of log.records(1))
        lines.push(`${partition}/${offset} ${text(key)}=${text(value)}`);
      return lines;
    };
    assert.deepEqual(await standing(), []);
    await writer.log.append(1, [{ key: bytes('a'), value: bytes('1') }]);
    await writer.log.append(0, [{ key: bytes('elsewhere'), value: bytes('1') }]);
    await writer.log.append(1, [{ key: bytes('a'), value: null }]);
    assert.deepEqual(await standing(), ['1/0 a=1', '1/1 a=null']);
    assert.equal(log.heard(1), null);
    await log.close();
    await assert.rejects(standing());
  });

  check('a batch of 1000 records is one append', async (open) => {
    const log = await open();
    await log.follow();
    const records = Array.from({ length: 1000 }, (_, index) => ({
      key: bytes(`key-${index}`),
      value: new Uint8Array(82).fill(7),
    }));
    const first = await log.log.append(0, records);
    await log.log.reached(0, first + 999n);
    assert.equal(log.of(0).length, 1000);
  });

  check('a closed log refuses work and leaves nobody waiting', async (open) => {
    const log = await open();
    await log.follow();
    const never = assert.rejects(log.log.reached(0, 1_000_000n));
    await log.log.close();
    await never;
    await assert.rejects(log.log.append(0, [{ key: bytes('k'), value: null }]));
    await assert.rejects(log.log.caughtUp(0));
    await assert.rejects(log.log.read(0, [0n]));
    await log.log.close();
  });
}

/** A log together with everything it handed over. */
class Followed {
  readonly #seen: StoredKeyLogRecord[] = [];
  readonly restarted: number[] = [];
  readonly replayed: number[] = [];

  constructor(readonly log: KeyLog) {}

  follow(): Promise<void> {
    return this.log.follow({
      records: (records) => {
        this.#seen.push(...records.map(keptRecord));
      },
      restarted: (partition) => this.restarted.push(partition),
      replayed: (partition) => this.replayed.push(partition),
    });
  }

  of(partition: number): readonly StoredKeyLogRecord[] {
    return this.#seen.filter((record) => record.partition === partition);
  }

  at(partition: number, offset: bigint): StoredKeyLogRecord | undefined {
    return this.#seen.find((record) => record.partition === partition && record.offset === offset);
  }
}
