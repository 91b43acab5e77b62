import assert from 'node:assert/strict';
import type { KeyLog, KeyLogRecord } from '../key-log.js';
import { KeyLogWriter } from '../key-log-writer.js';
import { onlyRecords } from './only-records.js';
import { TricklingKeyLog } from './trickling-key-log.js';
import { failsWith } from './fails-with.js';

export type WriterCheck = (what: string, body: (open: () => Promise<KeyLog>) => Promise<void>) => void;

/** Own batches written and read back in a row: what is not read back is missed in one of them. */
const ROUNDS = 20;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const batch = (name: string, records = 3): KeyLogRecord[] =>
  Array.from({ length: records }, (_, index) => ({ key: bytes(`${name}-${index}`), value: bytes('v') }));

/** What the keyring relies on when it writes (written, read back, then used), over any key log. Part of `keyLogContract`. */
export function keyLogWriterContract(check: WriterCheck): void {
  check('design 4.3: what a writer wrote was read back when it resolves, in every round', async (open) => {
    const log = await open();
    const writer = new KeyLogWriter(log);
    const seen: string[] = [];
    await log.follow(
      onlyRecords((records) => seen.push(...records.map(({ key }) => Buffer.from(key).toString()))),
    );
    for (let round = 0; round < ROUNDS; round++) {
      await writer.appendAndRead(round % 2, batch(`r${round}`));
      assert.deepEqual(seen.slice(-3), [`r${round}-0`, `r${round}-1`, `r${round}-2`]);
    }
    assert.equal(seen.length, 3 * ROUNDS);
  });

  check('design 4.3: a batch is read back when its last record is, not its first', async (open) => {
    const log = new TricklingKeyLog(await open());
    const writer = new KeyLogWriter(log);
    let seen = 0;
    await log.follow(onlyRecords((records) => (seen += records.length)));
    let isDone = false;
    const writing = writer.appendAndRead(1, batch('own')).then(() => (isDone = true));
    await log.holds(3, 1);
    for (let given = 0; given < 3; given++) {
      await turns();
      assert.equal(isDone, false, `after ${given} of 3 records`);
      log.handOnOne();
    }
    await writing;
    assert.equal(seen, 3);
  });

  check('what stood in the log when a writer began to catch up was read when it resolves', async (open) => {
    const log = new TricklingKeyLog(await open());
    const other = await open();
    const writer = new KeyLogWriter(log);
    await log.follow(onlyRecords(() => undefined));
    await other.append(0, batch('other', 2));
    let isDone = false;
    const catchingUp = writer.catchUp(0).then(() => (isDone = true));
    await log.holds(2, 0);
    for (let given = 0; given < 2; given++) {
      await turns();
      assert.equal(isDone, false, `after ${given} of 2 records`);
      log.handOnOne();
    }
    await catchingUp;
  });

  check('a closed writer refuses, and a log that fails is unavailable', async (open) => {
    const log = await open();
    const writer = new KeyLogWriter(log);
    await log.follow(onlyRecords(() => undefined));
    await log.close();
    await assert.rejects(writer.appendAndRead(0, batch('late')), failsWith('KEYRING_UNAVAILABLE'));
    await writer.close();
    await assert.rejects(writer.appendAndRead(0, batch('late')), failsWith('KEYRING_CLOSED'));
    await assert.rejects(writer.catchUp(0), failsWith('KEYRING_CLOSED'));
  });
}

/** Whoever can go on without waiting for a record has by then. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
