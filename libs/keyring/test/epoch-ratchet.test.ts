import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import {
  KeyringError,
  parseRecordKey,
  type EpochProgress,
  type EpochTurn,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type Keyring,
  type MasterKeys,
  type StoredKeyLogRecord,
  type UserRef,
} from '../src/index.js';
import { unwrapDeployment } from '../src/deployment.js';
import { decodeSecrets } from '../src/deployment-record.js';
import { KeyLogBehind } from '../src/testing/key-log-behind.js';
import { InMemoryKeyTopic, InMemoryMasterKeyService, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, secret } from './process.js';

interface House {
  readonly topic: InMemoryKeyTopic;
  readonly clock: ManualClock;
  readonly service: InMemoryMasterKeyService;
  readonly open: (topic?: InMemoryKeyTopic) => Promise<Keyring>;
}

function house(): House {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const service = new InMemoryMasterKeyService();
  const open = async (from = topic) =>
    openTestKeyring({ topic: from, clock, masterKeys: await service.open() });
  return { topic, clock, service, open };
}

/** Lets the turn go on through its pauses. */
async function turned(clock: ManualClock, turn: Promise<EpochTurn>): Promise<EpochTurn> {
  let isOver = false;
  const over = turn.finally(() => (isOver = true));
  over.catch(() => undefined);
  for (let second = 0; second < 200 && !isOver; second++) await clock.advanceAsync(1_000);
  return over;
}

function copyOf(topic: InMemoryKeyTopic, clock: ManualClock): InMemoryKeyTopic {
  const copy = new InMemoryKeyTopic({ clock });
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    for (const record of topic.records(partition)) copy.append(partition, [record]);
  }
  return copy;
}

/** The epochs of the key records that stand after compaction. */
function epochsIn(topic: InMemoryKeyTopic): number[] {
  topic.compact({ dropTombstones: true });
  const epochs = new Set<number>();
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    for (const { key, value } of topic.records(partition)) {
      if (parseRecordKey(key)?.kind !== 'user-key' || !value) continue;
      epochs.add(new DataView(value.buffer, value.byteOffset).getUint32(2));
    }
  }
  return [...epochs];
}

async function users(keyring: Keyring, count: number): Promise<{ userRef: UserRef; envelope: Uint8Array }[]> {
  const refs = Array.from({ length: count }, (_, index) => keyring.userRef(`user ${index}`));
  await keyring.ensureKeys(refs);
  return refs.map((userRef) => ({ userRef, envelope: keyring.seal(userRef, binding, secret) }));
}

test('design 4.11: after the turn every key is of the new epoch, all processes read on, and yesterday’s copy opens no more', async () => {
  const { topic, clock, service, open } = house();
  const [keyring, other] = [await open(), await open()];
  const all = await users(keyring, 40);
  const [gone, ...living] = all;
  assert.ok(gone);
  const copy = copyOf(topic, clock);
  await keyring.forget(gone.userRef);
  const told: EpochProgress[] = [];
  const onProgress = (progress: EpochProgress): void => void told.push(progress);
  const turn = await turned(clock, keyring.advanceEpoch({ onProgress }));
  assert.deepEqual(turn, { epoch: 2, recoverableUntil: null });
  assert.deepEqual(epochsIn(topic), [2]);
  const restarted = await open();
  await other.catchUp(living.map(({ userRef }) => userRef));
  for (const process of [keyring, other, restarted]) {
    for (const { envelope } of living) assert.equal(process.open(binding, envelope).outcome, 'value');
    assert.equal(process.open(binding, gone.envelope).outcome, 'erased');
    const fresh = process.userRef(`fresh ${Math.max(0, [keyring, other, restarted].indexOf(process))}`);
    await process.ensureKeys([fresh]);
  }
  assert.deepEqual(epochsIn(topic), [2]);
  await assert.rejects(open(copy), failsWith('MASTER_KEY_MISMATCH'));
  assert.equal((await (await service.open()).keys()).length, 1, 'the old master key is gone');
  const steps = new Set(told.map(({ step }) => step));
  assert.ok(steps.has('re-wrapping') && steps.has('waiting'));
  assert.deepEqual(told.findLast(({ step }) => step === 're-wrapping')?.done, 39);
});

test('design 4.11: no revision that a turn left in the log opens yesterday’s copy with today’s master keys', async () => {
  const { topic, clock, service, open } = house();
  const keyring = await open();
  const [gone] = await users(keyring, 3);
  assert.ok(gone);
  const yesterday = copyOf(topic, clock);
  await keyring.forget(gone.userRef);
  await turned(clock, keyring.advanceEpoch());
  // Nothing was compacted: those of the midst of the turn stand as they do in a copy that is taken then.
  const revisions = topic.records(0).filter(({ key }) => parseRecordKey(key)?.kind === 'deployment');
  const outcomes: string[] = [];
  for (const revision of revisions) {
    const mixed = copyOf(yesterday, clock);
    mixed.append(0, [revision]);
    outcomes.push(
      await open(mixed).then(
        (reader) => reader.open(binding, gone.envelope).outcome,
        (error: unknown) => (error instanceof KeyringError ? error.code : String(error)),
      ),
    );
  }
  const refused = 'MASTER_KEY_MISMATCH';
  assert.deepEqual(outcomes, [refused, refused, refused, 'unavailable']);
  const today = await service.open();
  const opened = await Promise.all(revisions.map(async ({ key, value }) => epochsOpened(today, key, value)));
  assert.deepEqual(opened, [[], [2], [2], [2]]);
});

/** The epochs of the wrapping keys that a deployment record gives to whoever has these master keys alone. */
async function epochsOpened(
  masterKeys: MasterKeys,
  key: Uint8Array,
  value: Uint8Array | null,
): Promise<number[]> {
  const name = parseRecordKey(key);
  assert.ok(name?.kind === 'deployment' && value);
  const plain = await unwrapDeployment(masterKeys, { id: name.id, value }).catch(() => null);
  return (plain && decodeSecrets(plain))?.wrappingKeys.map(({ epoch }) => epoch) ?? [];
}

test('a turn that is cut short at any step goes on where it stopped', async () => {
  for (const cut of [
    'announcing',
    'putting in force',
    're-wrapping',
    'waiting',
    'dropping the old',
    'destroying the old',
  ]) {
    const { topic, clock, service, open } = house();
    const keyring = await open();
    const all = await users(keyring, 5);
    const stop = new AbortController();
    const onProgress = ({ step }: EpochProgress): void => {
      if (step === cut) {
        stop.abort(new Error('killed'));
        if (step === 'destroying the old') service.state = 'down';
      }
    };
    await assert.rejects(turned(clock, keyring.advanceEpoch({ signal: stop.signal, onProgress })), cut);
    await keyring.close();
    service.state = 'up';
    const again = await open();
    assert.equal((await turned(clock, again.advanceEpoch())).epoch, 2, cut);
    for (const { envelope } of all) assert.equal(again.open(binding, envelope).outcome, 'value', cut);
    assert.equal(epochsIn(topic).length, 1);
    assert.equal((await (await service.open()).keys()).length, 1);
  }
});

test('a forgetting in the middle of a turn wins: what was wrapped anew after the fence is dead', async () => {
  const { clock, open } = house();
  const [keyring, other] = [await open(), await open()];
  const all = await users(keyring, 12);
  await other.catchUp(all.map(({ userRef }) => userRef));
  const forgetting: Promise<unknown>[] = [];
  let next = 0;
  const onProgress = (): void => {
    const user = all[next++];
    if (user) forgetting.push(other.forget(user.userRef));
  };
  await turned(clock, keyring.advanceEpoch({ onProgress }));
  await Promise.all(forgetting);
  assert.ok(next >= 5);
  const restarted = await open();
  await restarted.buryDead();
  for (const [index, { envelope }] of all.entries()) {
    assert.equal(restarted.open(binding, envelope).outcome, index < next ? 'erased' : 'value');
  }
  assert.deepEqual(restarted.deadRecords(), []);
});

test('a process without the new master key reads on, makes no key, and says so', async () => {
  const { topic, clock, service, open } = house();
  const keyring = await open();
  const [user] = await users(keyring, 1);
  assert.ok(user);
  const stale = await service.open();
  const other = await openTestKeyring({ topic, clock, masterKeys: stale });
  const alarms: string[] = [];
  other.onAlarm(({ code }) => alarms.push(code));
  stale.close();
  await turned(clock, keyring.advanceEpoch());
  await other.catchUp([user.userRef]);
  assert.equal(other.open(binding, user.envelope).outcome, 'value');
  await assert.rejects(other.ensureKeys([other.userRef('fresh')]), failsWith('MASTER_KEY_UNAVAILABLE'));
  assert.ok(alarms.includes('DEPLOYMENT_LOCKED'));
});

test('a turn tells until when the old master key can be taken back', async () => {
  const { clock, service, open } = house();
  const until = clock.now() + 7 * 86_400_000;
  service.recoverableUntil = until;
  const keyring = await open();
  const told = await turned(clock, keyring.advanceEpoch());
  assert.deepEqual(told, { epoch: 2, recoverableUntil: until });
});

test('a process that is cut off from the deployment alone makes no key when a turn ends, however long its lease', async () => {
  const { topic, clock, service, open } = house();
  const keyring = await open();
  const log = new DeafToDeployment(topic.open(), clock);
  const leaseMs = 3_600_000;
  const cutOff = await openTestKeyring({ log, clock, masterKeys: await service.open(), leaseMs });
  const fresh = Array.from({ length: 60 }, (_, index) => cutOff.userRef(`fresh ${index}`));
  const elsewhere = fresh.filter((userRef) => cutOff.partitionOf(userRef) !== 0);
  const [before, after] = elsewhere;
  assert.ok(before && after);
  log.heard(0);
  log.isCut = true;
  await clock.advanceAsync(29_000);
  await cutOff.ensureKeys([before]);
  const envelope = cutOff.seal(before, binding, secret);
  const began = clock.monotonic();
  await turned(clock, keyring.advanceEpoch());
  // 30 s each for the right to wrap and for what is in flight, 5 s for rivals, and what the rate asks for.
  const took = clock.monotonic() - began;
  assert.ok(took >= 65_000 && took <= 67_000, `${took} ms`);
  await assert.rejects(cutOff.ensureKeys([after]), failsWith('KEYRING_UNAVAILABLE'));
  assert.equal(cutOff.open(binding, envelope).outcome, 'value', 'it reads on');
  const restarted = await open();
  assert.equal(restarted.state(after), 'unknown', 'nothing was written under the old epoch');
  assert.deepEqual(restarted.open(binding, envelope), { outcome: 'value', value: secret });
  log.isCut = false;
  await cutOff.catchUp([userRefIn(cutOff, 0)]);
  await cutOff.ensureKeys([after]);
  const late = cutOff.seal(after, binding, secret);
  assert.deepEqual((await open()).open(binding, late), { outcome: 'value', value: secret });
});

function userRefIn(keyring: Keyring, partition: number): UserRef {
  for (let index = 0; ; index++) {
    const userRef = keyring.userRef(`probe ${index}`);
    if (keyring.partitionOf(userRef) === partition) return userRef;
  }
}

/** The leader of partition 0 cannot be reached; those of the others can. What it missed comes when it can again. */
class DeafToDeployment extends KeyLogBehind {
  isCut = false;
  #heard: HeardAt | null = null;
  #missed: StoredKeyLogRecord[] = [];
  #listener: KeyLogListener | null = null;

  constructor(
    inner: KeyLog,
    private readonly clock: ManualClock,
  ) {
    super(inner);
  }

  override follow(listener: KeyLogListener): Promise<void> {
    this.#listener = listener;
    return this.inner.follow({
      records: (records) => {
        const isMissed = ({ partition }: StoredKeyLogRecord): boolean => this.isCut && partition === 0;
        this.#missed.push(...records.filter(isMissed));
        listener.records(records.filter((record) => !isMissed(record)));
      },
      restarted: (partition) => listener.restarted(partition),
      replayed: (partition) => listener.replayed(partition),
    });
  }

  override heard(partition: number): HeardAt | null {
    const now = { wall: this.clock.now(), monotonic: this.clock.monotonic() };
    if (partition !== 0) return this.inner.heard(partition);
    if (!this.isCut) this.#heard = now;
    return this.#heard;
  }

  override async caughtUp(partition: number): Promise<void> {
    if (partition === 0 && this.isCut)
      throw new Error('simulated: the leader of partition 0 cannot be reached');
    await this.inner.caughtUp(partition);
    this.#listener?.records(this.#missed.splice(0));
  }
}
