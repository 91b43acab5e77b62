import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyGatherer, type Refusals } from '../src/key-gatherer.js';
import { KeyringError, type UserRef } from '../src/index.js';
import { CountedKeyLog } from '../src/testing/counted-key-log.js';
import { InMemoryKeyTopic, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, secret, turn } from './process.js';

const users = (count: number, from = 0): UserRef[] =>
  Array.from({ length: count }, (_, index) => `user ${from + index}` as UserRef);

/** Rounds that end when they are told to. */
class Rounds {
  readonly begun: ReadonlySet<UserRef>[] = [];
  readonly #ends: ((refusals: Refusals | Error) => void)[] = [];
  readonly #gatherer = new KeyGatherer();

  join(userRefs: readonly UserRef[]): Promise<Refusals> {
    return this.#gatherer.join(
      userRefs,
      () => 'all',
      (round) => {
        this.begun.push(round);
        return new Promise((resolve, reject) => {
          this.#ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
        });
      },
    );
  }

  get sizes(): number[] {
    return this.begun.map(({ size }) => size);
  }

  async end(round: number, how: Refusals | Error = new Map()): Promise<void> {
    this.#ends[round]?.(how);
    await turn();
  }
}

test('who is alone goes at once; who comes meanwhile goes together, when that is over', async () => {
  const rounds = new Rounds();
  const first = rounds.join(users(1));
  await turn();
  assert.deepEqual(rounds.sizes, [1]);
  const others = users(50, 1).map((userRef) => rounds.join([userRef]));
  await turn();
  assert.deepEqual(rounds.sizes, [1], 'they wait for it');
  await rounds.end(0);
  await first;
  assert.deepEqual(rounds.sizes, [1, 50]);
  await rounds.end(1);
  await Promise.all(others);
});

test('calls of one turn of the event loop fill rounds; full ones go at once, and no more than eight are under way', async () => {
  const rounds = new Rounds();
  const calls = users(10_500).map((userRef) => rounds.join([userRef]));
  await turn();
  assert.deepEqual(rounds.sizes, Array(8).fill(1000));
  await rounds.end(3);
  assert.deepEqual(rounds.sizes, Array(9).fill(1000));
  for (let round = 0; round < 11; round++) await rounds.end(round);
  assert.deepEqual(rounds.sizes, [...Array<number>(10).fill(1000), 500]);
  await Promise.all(calls);
  const fewFull = rounds.join(users(1500));
  await turn();
  assert.deepEqual(rounds.sizes.slice(11), [1000, 500], 'the rest of one call waits for nobody');
  for (const round of [11, 12]) await rounds.end(round);
  await fewFull;
});

test('what is refused is told to who asked for it, and what fails to its round alone', async () => {
  const rounds = new Rounds();
  const [one, many] = [rounds.join(users(1)), rounds.join(users(1500, 1))];
  await turn();
  const refusal = new KeyringError('USER_FORGOTTEN', 'simulated');
  await rounds.end(0, new Map([['user 0' as UserRef, refusal]]));
  assert.equal((await one).get('user 0' as UserRef), refusal);
  const failed = assert.rejects(many, /simulated: away/);
  await rounds.end(1, new Error('simulated: away'));
  await failed;
  const again = rounds.join(users(1));
  await turn();
  assert.equal(rounds.begun.length, 3, 'a round that failed leaves room for the next');
  await rounds.end(2);
  await again;
});

test('many calls at once, for one user each, are written in full batches', { timeout: 60_000 }, async () => {
  const calls = 20_000;
  const log = new CountedKeyLog(new InMemoryKeyTopic({ partitions: 4 }).open());
  const keyring = await openTestKeyring({ log });
  const refs = users(calls).map((userId) => keyring.userRef(userId));
  log.reset();
  await Promise.all(refs.map((userRef) => keyring.ensureKeys([userRef])));
  const perPartition = [0, 0, 0, 0];
  for (const userRef of refs) perPartition[keyring.partitionOf(userRef)]!++;
  const fewest = perPartition.reduce((sum, count) => sum + Math.ceil(count / 1000), 0);
  assert.equal(log.batches, fewest);
  assert.equal(keyring.size().keys, calls);
  log.reset();
  await Promise.all(refs.slice(0, 2_000).map((userRef) => keyring.rotate([userRef])));
  assert.equal(log.batches, 4, 'rotations likewise');
});

test('of many who ask at once, only those whose user was forgotten are refused', async () => {
  const keyring = await openTestKeyring();
  const [gone, ...others] = users(20).map((userId) => keyring.userRef(userId)) as [UserRef, ...UserRef[]];
  await keyring.forget(gone);
  const outcomes = await Promise.allSettled(
    [gone, ...others].map((userRef) => keyring.ensureKeys([userRef])),
  );
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', ...others.map(() => 'fulfilled')],
  );
  for (const userRef of others) keyring.seal(userRef, binding, secret);
  await assert.rejects(keyring.ensureKeys(['nobody' as UserRef]), failsWith('USER_REF_INVALID'));
});

test('a fence that lands while many wait for their keys refuses its user alone', async () => {
  const topic = new InMemoryKeyTopic({ partitions: 1 });
  const log = topic.open();
  const [keyring, other] = [await openTestKeyring({ log }), await openTestKeyring({ topic })];
  const [gone, kept] = ['gone', 'kept'].map((userId) => keyring.userRef(userId)) as [UserRef, UserRef];
  log.hold();
  await other.forget(gone);
  const outcomes = [gone, kept].map((userRef) => keyring.ensureKeys([userRef]));
  await turn();
  log.release();
  await assert.rejects(outcomes[0]!, failsWith('USER_FORGOTTEN'));
  await outcomes[1];
  assert.deepEqual(keyring.deadRecords(), []);
});
