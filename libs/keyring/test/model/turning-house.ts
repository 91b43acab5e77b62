import assert from 'node:assert/strict';
import type { Keyring, UserRef } from '../../src/index.js';
import {
  InMemoryKeyTopic,
  InMemoryMasterKeyService,
  openTestKeyring,
  type InMemoryKeyLog,
} from '../../src/testing/index.js';
import { binding, failsWith, secret } from '../process.js';
import { entropy, sodium } from './ground.js';
import { factsOf, hasReturned, isEnded, scopeAt, standing } from './log-facts.js';
import { WatchedKeyLog, watchedMasterKeys, type Moments } from './moments.js';
import { ImpatientClock } from './quick-twins.js';

export interface Resident {
  readonly userRef: UserRef;
  readonly envelopes: Uint8Array[];
}

/** One process of the house. */
export interface Process {
  readonly keyring: Keyring;
  readonly log: WatchedKeyLog;
  readonly inner: InMemoryKeyLog;
  readonly alarms: string[];
}

const RESIDENTS = 6;

/** A deployment with a few users whose master-key epoch is about to turn, and a copy of its log from before. */
export class TurningHouse {
  readonly clock = new ImpatientClock();
  readonly topic = new InMemoryKeyTopic({ partitions: 2, clock: this.clock });
  readonly service = new InMemoryMasterKeyService();
  readonly residents: Resident[] = [];
  readonly #processes: Process[] = [];
  #copy: InMemoryKeyTopic | null = null;

  static async found(): Promise<TurningHouse> {
    const house = new TurningHouse();
    const { keyring } = await house.enter();
    for (let index = 0; index < RESIDENTS; index++) {
      await house.admit(keyring, `resident ${index}`);
    }
    house.#copy = house.#copyOfLog();
    return house;
  }

  /** Another process, as it would start now. */
  async enter(moments: Moments | null = null): Promise<Process> {
    const held = await this.service.open();
    const masterKeys = moments === null ? held : watchedMasterKeys(held, moments);
    const inner = this.topic.open();
    const log = new WatchedKeyLog(inner, moments);
    const keyring = await openTestKeyring({ log, clock: this.clock, masterKeys, entropy, sodium });
    const process: Process = { keyring, log, inner, alarms: [] };
    keyring.onAlarm(({ code }) => process.alarms.push(code));
    this.#processes.push(process);
    return process;
  }

  /** A user gets keys from this process, and values are written with them. */
  async admit(keyring: Keyring, userId: string): Promise<Resident> {
    const userRef = keyring.userRef(userId);
    const resident: Resident = { userRef, envelopes: [] };
    this.residents.push(resident);
    for (const purpose of [undefined, 'marketing']) {
      await keyring.ensureKeys([userRef], purpose);
      resident.envelopes.push(keyring.seal(userRef, binding, secret, purpose));
    }
    return resident;
  }

  resident(index: number): Resident {
    const resident = this.residents[index % RESIDENTS];
    assert.ok(resident);
    return resident;
  }

  /**
   * What must hold when a turn is over: the living are readable everywhere and after a restart, the ended nowhere; every key that
   * stands is of the epoch in force, whose master key is the only one; and the copy of the log from before opens no more.
   */
  async judge({ alarmsDue = [] }: { readonly alarmsDue?: readonly string[] } = {}): Promise<void> {
    const processes = this.#processes.filter(({ keyring }) => isOpen(keyring));
    processes.push(await this.enter());
    const users = this.residents.map(({ userRef }) => userRef);
    for (const { keyring } of processes) {
      await keyring.catchUp(users);
      await keyring.buryDead();
    }
    const [epoch, ...older] = (await (await this.service.open()).keys()).map((key) => key.epoch).reverse();
    assert.deepEqual(older, [], 'old master keys are gone');
    for (const { userRef, envelopes } of this.residents) {
      const facts = factsOf(this.#recordsOf(userRef));
      for (const record of standing(facts)) {
        assert.ok(record.scope && !isEnded(facts, record.scope));
        assert.equal(record.epoch, epoch, 'a key record stands under another epoch');
      }
      const due = new Set([...alarmsDue, ...(hasReturned(facts) ? ['KEY_RETURNED'] : [])]);
      for (const { keyring } of processes) {
        await keyring.catchUp([userRef]);
        for (const envelope of envelopes) {
          const { outcome } = keyring.open(binding, envelope, { caughtUp: true });
          assert.equal(outcome, isEnded(facts, scopeAt(envelope, 2)) ? 'erased' : 'value');
        }
      }
      this.#due = new Set([...this.#due, ...due]);
    }
    for (const { alarms } of processes) {
      assert.deepEqual(
        alarms.filter((code) => !this.#due.has(code)),
        [],
        'an alarm that is not due',
      );
    }
    assert.ok(this.#copy);
    const old = openTestKeyring({
      topic: this.#copy,
      clock: this.clock,
      masterKeys: await this.service.open(),
      entropy,
      sodium,
    });
    await assert.rejects(old, failsWith('MASTER_KEY_MISMATCH'));
    await this.#judgeCompacted();
  }

  #due = new Set<string>();

  /** What compaction leaves says the same to who starts then. */
  async #judgeCompacted(): Promise<void> {
    const facts = this.residents.map(({ userRef }) => factsOf(this.#recordsOf(userRef)));
    this.topic.compact({ dropTombstones: true });
    const { keyring, alarms } = await this.enter();
    for (const [index, { envelopes }] of this.residents.entries()) {
      for (const envelope of envelopes) {
        const known = facts[index];
        assert.ok(known);
        const { outcome } = keyring.open(binding, envelope, { caughtUp: true });
        assert.equal(outcome, isEnded(known, scopeAt(envelope, 2)) ? 'erased' : 'value', 'compacted');
      }
    }
    assert.deepEqual(alarms, []);
  }

  async close(): Promise<void> {
    for (const { keyring } of this.#processes) await keyring.close();
  }

  #recordsOf(userRef: UserRef): ReturnType<InMemoryKeyTopic['records']> {
    const all = [0, 1].flatMap((partition) => this.topic.records(partition));
    return all.filter(({ key }) => Buffer.from(key).toString('latin1').startsWith(userRef));
  }

  #copyOfLog(): InMemoryKeyTopic {
    const copy = new InMemoryKeyTopic({ partitions: 2, clock: this.clock });
    for (const partition of [0, 1]) copy.append(partition, this.topic.records(partition));
    return copy;
  }
}

function isOpen(keyring: Keyring): boolean {
  try {
    keyring.userRef('anybody');
    return true;
  } catch {
    return false;
  }
}
