import assert from 'node:assert/strict';
import type { KeyLog, StoredKeyLogRecord } from '../key-log.js';
import type { Keyring } from '../keyring.js';
import { parseRecordKey } from '../record-keys.js';
import { CountedKeyLog } from './counted-key-log.js';
import { InMemoryMasterKeyService } from './in-memory-master-keys.js';
import { failsWith } from './fails-with.js';
import { binding, secret, UnwaitingClock, type Check } from './keyring-stage.js';
import { openTestKeyring } from './test-keyring.js';

const MOST_IN_A_BATCH = 1000;

/** Many users at once, and the turn of the master-key epoch, over any key log. */
export function scaleContract(check: Check): void {
  check('minting: 10,000 new users are minted in pipelined batches, not a round trip each', async (stage) => {
    const log = new CountedKeyLog(await stage.log());
    const keyring = await stage.keyring({ log });
    const refs = refsOf(keyring, 10_000);
    log.reset();
    await keyring.ensureKeys(refs);
    const perPartition = Array.from({ length: log.partitionCount }, () => 0);
    for (const userRef of refs) {
      const partition = keyring.partitionOf(userRef);
      perPartition[partition] = (perPartition[partition] ?? 0) + 1;
    }
    const fewest = perPartition.reduce((sum, users) => sum + Math.ceil(users / MOST_IN_A_BATCH), 0);
    assert.equal(log.batches, fewest);
    assert.equal(log.mostAtOnce, fewest, 'none waits for another');
    assert.deepEqual(keyring.size(), { users: 10_000, keys: 10_000, forgotten: 0 });
  });

  check(
    'design 4.4: 1,000 users are forgotten in few batches, each fence with its tombstones',
    async (stage) => {
      const log = new CountedKeyLog(await stage.log());
      const keyring = await stage.keyring({ log });
      const other = await stage.keyring();
      const refs = refsOf(keyring, 1000);
      const kept = keyring.userRef('kept');
      await keyring.ensureKeys([...refs, kept]);
      const envelopes = refs.map((userRef) => keyring.seal(userRef, binding, secret));
      const stays = keyring.seal(kept, binding, secret);
      log.reset();
      const fences = await keyring.forgetMany(refs);
      assert.ok(log.batches <= 2 * log.partitionCount, `${log.batches} batches`);
      assert.deepEqual(
        fences.map(({ userRef }) => userRef),
        refs,
      );
      await other.catchUp([...refs, kept]);
      const restarted = await stage.keyring();
      for (const process of [keyring, other, restarted]) {
        for (const envelope of envelopes) assert.equal(process.open(binding, envelope).outcome, 'erased');
        assert.deepEqual(process.open(binding, stays), { outcome: 'value', value: secret });
        assert.deepEqual(process.size(), { users: 1, keys: 1, forgotten: 1000 });
        assert.deepEqual(process.deadRecords(), []);
      }
      assert.deepEqual(await other.forgetMany(refs), fences, 'again: the same');
    },
  );

  check(
    'design 4.11: after the epoch turned with 1,000 users, a copy of the log from before opens no more',
    async (stage) => {
      const service = new InMemoryMasterKeyService();
      const open = async (log?: KeyLog): Promise<Keyring> =>
        stage.keyring({
          masterKeys: await service.open(),
          clock: new UnwaitingClock(),
          ...(log === undefined ? {} : { log }),
        });
      const one = await open();
      const two = await open();
      const refs = refsOf(one, 1000);
      await one.ensureKeys(refs);
      const envelopes = refs.map((userRef) => one.seal(userRef, binding, secret));
      const yesterday = await stage.scan();
      const [gone, ...living] = refs;
      assert.ok(gone !== undefined);
      await one.forget(gone);
      assert.equal((await one.advanceEpoch()).epoch, 2);
      await two.catchUp(refs);
      const restarted = await open();
      const processes = [one, two, restarted];
      for (const [number, process] of processes.entries()) {
        for (const [index, envelope] of envelopes.entries()) {
          assert.equal(process.open(binding, envelope).outcome, index === 0 ? 'erased' : 'value');
        }
        await process.ensureKeys([process.userRef(`newcomer ${number}`)]);
      }
      const epochs = epochsIn(await stage.scan());
      assert.equal(epochs.length, living.length + processes.length);
      assert.deepEqual(new Set(epochs), new Set([2]));
      const elsewhere = await stage.elsewhere();
      await copyTo(elsewhere, yesterday);
      const old = openTestKeyring({ log: elsewhere, masterKeys: await service.open() });
      await assert.rejects(old, failsWith('MASTER_KEY_MISMATCH'));
    },
  );
}

function refsOf(keyring: Keyring, count: number): ReturnType<Keyring['userRef']>[] {
  return Array.from({ length: count }, (_, index) => keyring.userRef(`user ${index}`));
}

/** Of the key records that stand. */
function epochsIn(records: readonly StoredKeyLogRecord[]): number[] {
  const last = new Map<string, number | null>();
  for (const { key, value } of records) {
    const name = parseRecordKey(key);
    if (name?.kind !== 'user-key') continue;
    last.set(name.kid, value && new DataView(value.buffer, value.byteOffset).getUint32(2));
  }
  return [...last.values()].filter((epoch) => epoch !== null);
}

async function copyTo(log: KeyLog, records: readonly StoredKeyLogRecord[]): Promise<void> {
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const own = records.filter((record) => record.partition === partition);
    for (let from = 0; from < own.length; from += MOST_IN_A_BATCH) {
      await log.append(partition, own.slice(from, from + MOST_IN_A_BATCH));
    }
  }
}
