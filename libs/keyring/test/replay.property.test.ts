import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { KeyringError, parseRecordKey, type Binding, type Keyring, type UserRef } from '../src/index.js';
import { InMemoryKeyTopic, openTestKeyring, type InMemoryKeyLog } from '../src/testing/index.js';

const binding: Binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
const secret = new TextEncoder().encode('secret');
const USERS = ['ada', 'bob'];
const PROCESSES = 3;

const process = fc.nat(PROCESSES - 1);
const user = fc.constantFrom(...USERS);
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('mint', 'forget', 'begin'), process, user }),
  fc.record({ do: fc.constantFrom('hold', 'release', 'restart', 'bury'), process }),
  fc.record({ do: fc.constantFrom('compact', 'drop tombstones', 'lose acknowledgement') }),
  fc.record({ do: fc.constant('settle') }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Three processes on one topic, doing things that overlap, lag, restart and lose acknowledgements. */
class World {
  readonly topic = new InMemoryKeyTopic({ partitions: 2 });
  readonly #seed: number;
  #restarts = 0;
  keyrings: Keyring[] = [];
  #logs: InMemoryKeyLog[] = [];
  #underway: Promise<unknown>[] = [];
  /** Envelopes that were sealed, and the lifecycle in each. */
  readonly sealed: { userRef: UserRef; envelope: Uint8Array }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  async start(process: number): Promise<void> {
    await this.keyrings[process]?.close();
    const log = this.topic.open();
    this.#logs[process] = log;
    const entropy = new SeededEntropy(this.#seed + 1000 * this.#restarts++);
    this.keyrings[process] = await openTestKeyring({ log, entropy });
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'mint':
        return this.#begin(step, async (keyring, userRef) => {
          await keyring.ensureKeys([userRef]);
          this.sealed.push({ userRef, envelope: keyring.seal(userRef, binding, secret) });
        });
      case 'forget':
        return this.#begin(step, (keyring, userRef) => keyring.forget(userRef));
      case 'begin':
        return this.#begin(step, (keyring, userRef) => keyring.beginLifecycle(userRef));
      case 'hold':
        return this.#logs[step.process]?.hold();
      case 'release':
        return this.#logs[step.process]?.release();
      case 'restart':
        return this.start(step.process);
      case 'bury':
        return this.#begin({ process: step.process, user: 'ada' }, (keyring) => keyring.buryDead());
      case 'compact':
        return this.topic.compact();
      case 'drop tombstones':
        return this.#compactAway();
      case 'lose acknowledgement':
        this.topic.loseNextAcknowledgement = true;
        return;
      case 'settle':
        return this.settle();
    }
  }

  /** Everybody hears everything, and what is dead is buried. */
  async settle(): Promise<void> {
    this.topic.loseNextAcknowledgement = false;
    for (const log of this.#logs) log.release();
    await Promise.all(this.#underway);
    this.#underway = [];
    await this.catchUp();
    for (const keyring of this.keyrings) await keyring.buryDead();
    await this.catchUp();
  }

  async catchUp(): Promise<void> {
    for (const keyring of this.keyrings) await keyring.catchUp(USERS.map((id) => keyring.userRef(id)));
  }

  /** A tombstone is dropped only after every reader had the time to see it (delete.retention.ms). */
  async #compactAway(): Promise<void> {
    await this.settle();
    this.topic.compact({ dropTombstones: true });
  }

  #begin(
    { process, user: id }: { process: number; user: string },
    work: (keyring: Keyring, userRef: UserRef) => Promise<unknown>,
  ): Promise<void> {
    const keyring = this.keyrings[process];
    assert.ok(keyring);
    const outcome = work(keyring, keyring.userRef(id)).catch((error: unknown) => {
      const expected = ['USER_FORGOTTEN', 'USER_NOT_FORGOTTEN', 'KEYRING_UNAVAILABLE', 'KEYRING_CLOSED'];
      if (!(error instanceof KeyringError) || !expected.includes(error.code)) throw error;
    });
    this.#underway.push(outcome);
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function view(keyring: Keyring, userRef: UserRef): unknown {
  const fence = keyring.fence(userRef);
  return { state: keyring.state(userRef), fenced: fence?.lifecycle ?? 0, erasedAt: fence?.erasedAt };
}

/** What must hold once everybody heard everything. */
function judge(world: World, alarms: readonly string[]): void {
  assert.deepEqual(alarms, []);
  const [first, ...others] = world.keyrings;
  assert.ok(first);
  for (const userRef of USERS.map((id) => first.userRef(id))) {
    for (const other of others) assert.deepEqual(view(other, userRef), view(first, userRef));
    const standing = keysOf(world.topic, userRef);
    if (first.state(userRef) === 'forgotten') assert.deepEqual(standing, []);
  }
  for (const { userRef, envelope } of world.sealed) {
    const lifecycle = new DataView(envelope.buffer, envelope.byteOffset).getUint32(2);
    for (const keyring of world.keyrings) {
      const { outcome } = keyring.open(binding, envelope, { caughtUp: true });
      assert.equal(outcome, lifecycle <= (keyring.fence(userRef)?.lifecycle ?? 0) ? 'erased' : 'value');
    }
  }
}

/** Key records of the user whose last word in the log is not a tombstone. */
function keysOf(topic: InMemoryKeyTopic, userRef: UserRef): string[] {
  const last = new Map<string, boolean>();
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    for (const { key, value } of topic.records(partition)) {
      const name = parseRecordKey(key);
      if (name?.kind === 'user-key' && name.userRef === userRef) last.set(name.kid, value !== null);
    }
  }
  return [...last].filter(([, stands]) => stands).map(([kid]) => kid);
}

test('whatever overlaps, lags, restarts or is compacted: all agree, the forgotten stay erased, the others readable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
      const world = new World(seed);
      const alarms: string[] = [];
      for (let process = 0; process < PROCESSES; process++) await world.start(process);
      for (const each of steps) await world.run(each);
      await world.settle();
      for (const keyring of world.keyrings) {
        keyring.onAlarm(({ code }) => code !== 'DEAD_RECORD_NOT_BURIED' && alarms.push(code));
      }
      judge(world, alarms);
      world.topic.compact({ dropTombstones: true });
      for (let process = 0; process < PROCESSES; process++) await world.start(process);
      judge(world, alarms);
      for (const keyring of world.keyrings) await keyring.close();
    }),
    { numRuns: 100 },
  );
});
