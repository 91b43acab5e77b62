import assert from 'node:assert/strict';
import { KeyringError, type Keyring } from '../../src/index.js';
import { openTestKeyring, type InMemoryKeyTopic } from '../../src/testing/index.js';
import { turn } from '../process.js';
import { deeds, type Actor, type DeedName } from './actor.js';
import { entropy, sodium, topicOn, type Ground } from './ground.js';
import { judgeLog, judgeObservers } from './judge.js';
import { ImpatientClock } from './quick-twins.js';
import { nameOf } from './run-state.js';
import { RunMasterKeys } from './run-master-keys.js';
import { SteppedKeyLog } from './stepped-key-log.js';

/** What callers are told, and may be told here. */
const expected = ['USER_FORGOTTEN', 'PURPOSE_WITHDRAWN', 'USER_NOT_FORGOTTEN', 'PURPOSE_NOT_WITHDRAWN'];
const expectedAfterFault = [...expected, 'KEYRING_UNAVAILABLE', 'KEYRING_CLOSED'];

export type MakeLog = new (topic: InMemoryKeyTopic) => SteppedKeyLog;

/** The processes of one run on a topic of their own. */
export class World {
  readonly actors: Actor[] = [];
  readonly dead = new Set<Actor>();
  isFaulted = false;
  readonly #ground: Ground;
  readonly #masterKeys: RunMasterKeys;
  readonly #clock = new ImpatientClock();
  readonly #topic: InMemoryKeyTopic;
  readonly #opened: Keyring[] = [];
  readonly #failures: unknown[] = [];
  readonly #done = new Set<DeedName>();
  #deeds: readonly DeedName[] = [];

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#masterKeys = new RunMasterKeys(ground.masterKeys);
    this.#topic = topicOn(ground, this.#clock);
  }

  async begin(names: readonly DeedName[], Log: MakeLog): Promise<void> {
    this.#deeds = names;
    for (const _ of names) this.actors.push(await this.#enter(new Log(this.#topic)));
    for (const [index, actor] of this.actors.entries()) {
      actor.log.isStepping = true;
      const name = names[index];
      if (name !== undefined) void this.#act(name, actor);
    }
  }

  /** Everybody has gone as far as it can without another step. */
  async settle(): Promise<void> {
    do await turn();
    while (this.#clock.isAwaited);
  }

  /** Runs that have come to the same go on alike. */
  get name(): string {
    return nameOf({
      deeds: this.#deeds,
      records: this.#topic.records(0),
      actors: this.actors,
      dead: this.dead,
      isFaulted: this.isFaulted,
    });
  }

  /** What must hold when nobody has anything left to do. */
  async judge(): Promise<void> {
    this.#assertNothingFailed();
    for (const { log } of this.actors) log.isStepping = false;
    const survivors = this.actors.filter((actor) => !this.dead.has(actor));
    const observers = [...survivors, await this.#enter(new SteppedKeyLog(this.#topic))];
    const users = [this.#ground.userRef];
    for (const { keyring } of observers) {
      await keyring.catchUp(users);
      await keyring.buryDead();
    }
    for (const { keyring } of observers) await keyring.catchUp(users);
    const records = this.#topic.records(0);
    const sealed = [...this.#ground.sealed, ...this.actors.flatMap((actor) => actor.sealed)];
    const isTurned = this.#done.has('re-wrap');
    judgeLog(records, isTurned);
    const rules = { records, sealed, mayFailToBury: this.isFaulted };
    judgeObservers(observers, rules);
    this.#topic.compact({ dropTombstones: true });
    judgeObservers([await this.#enter(new SteppedKeyLog(this.#topic))], rules);
  }

  async close(): Promise<void> {
    for (const keyring of this.#opened) await keyring.close();
  }

  async #enter(log: SteppedKeyLog): Promise<Actor> {
    const { userRef } = this.#ground;
    const masterKeys = this.#masterKeys;
    const keyring = await openTestKeyring({ log, clock: this.#clock, masterKeys, entropy, sodium });
    this.#opened.push(keyring);
    const actor: Actor = { keyring, log, userRef, alarms: [], sealed: [], sealedKids: [], ended: null };
    keyring.onAlarm(({ code }) => actor.alarms.push(code));
    return actor;
  }

  /** Never rejects: what nobody may be told is kept for the judge. */
  async #act(name: DeedName, actor: Actor): Promise<void> {
    try {
      await deeds[name](actor);
      actor.ended = 'done';
      this.#done.add(name);
    } catch (error) {
      actor.ended = error instanceof KeyringError ? error.code : 'failed';
      const codes = this.isFaulted ? expectedAfterFault : expected;
      if (!(error instanceof KeyringError) || !codes.includes(error.code)) this.#failures.push(error);
    }
  }

  #assertNothingFailed(): void {
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
    assert.ok(this.actors.every((actor) => this.dead.has(actor) || actor.log.pending === null));
  }
}
